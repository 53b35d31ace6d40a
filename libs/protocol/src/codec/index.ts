export {
  codecField,
  codecOfKind,
  codecsFor,
  codedBytes,
  DENSE,
  ENCODINGS,
  entriesOf,
  INT8_CHUNK,
  topkFields,
  type Codecs,
  type DownlinkCodec,
  type Encoding,
  type UplinkCodec,
} from './codec.ts';
export { packPlaces, unpackPlaces } from './places.ts';
