export {
  codecField,
  codecOfKind,
  codecsFor,
  codedBytes,
  DENSE,
  ENCODINGS,
  entriesOf,
  INT8_CHUNK,
  isLossy,
  topkFields,
  type Codecs,
  type DenseCodec,
  type DownlinkCodec,
  type Encoding,
  type UplinkCodec,
} from './codec.ts';
export { packPlaces, unpackPlaces } from './places.ts';
