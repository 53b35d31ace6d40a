/**
 * The wheels that carry libtensorflow, each pinned to a version and the SHA-256 of its file. The hash decides what is
 * accepted, wherever pip fetched the file from.
 *
 * @typedef {object} Wheel
 * @property {string} name of the distribution, as pip knows it
 * @property {string} version
 * @property {string} platform pip's platform tag of exactly this file
 * @property {number} bytes
 * @property {string} sha256
 */

export const TENSORFLOW = '2.21.0';

/** @type {Wheel} */
const CPU = {
  name: 'tensorflow-cpu',
  version: TENSORFLOW,
  platform: 'manylinux_2_27_x86_64',
  bytes: 273829956,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};

/** CUDA 12.5, cuDNN 9, and what its `and-cuda` extra asks for; without cuRAND, which the library never opens. */
/** @type {Wheel[]} */
const CUDA = [
  [
    'tensorflow',
    TENSORFLOW,
    'manylinux_2_27_x86_64',
    572440367,
    '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  ],
  [
    'nvidia-cublas-cu12',
    '12.9.3.13',
    'manylinux_2_27_x86_64',
    581217458,
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
  ],
  [
    'nvidia-cuda-cupti-cu12',
    '12.8.90',
    'manylinux2014_x86_64',
    10248621,
    'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
  ],
  [
    'nvidia-cuda-nvcc-cu12',
    '12.9.86',
    'manylinux2010_x86_64',
    40546229,
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
  ],
  [
    'nvidia-cuda-nvrtc-cu12',
    '12.9.86',
    'manylinux2010_x86_64',
    89568129,
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
  ],
  [
    'nvidia-cuda-runtime-cu12',
    '12.9.79',
    'manylinux2014_x86_64',
    3493179,
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
  ],
  [
    'nvidia-cudnn-cu12',
    '9.28.0.42',
    'manylinux_2_27_x86_64',
    716538495,
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
  ],
  [
    'nvidia-cufft-cu12',
    '11.4.1.4',
    'manylinux2014_x86_64',
    200877592,
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
  ],
  [
    'nvidia-cusolver-cu12',
    '11.7.5.82',
    'manylinux_2_27_x86_64',
    338117415,
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
  ],
  [
    'nvidia-cusparse-cu12',
    '12.5.10.65',
    'manylinux2014_x86_64',
    366465088,
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
  ],
  [
    'nvidia-nccl-cu12',
    '2.32.3',
    'manylinux_2_27_x86_64',
    351526311,
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
  ],
  [
    'nvidia-nvjitlink-cu12',
    '12.9.86',
    'manylinux2010_x86_64',
    39748338,
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
  ],
].map(([name, version, platform, bytes, sha256]) => ({ name, version, platform, bytes, sha256 }));

/**
 * What a build of the library is made of. `unpackedBytes` is what it takes on the disk once unpacked.
 * @typedef {{ flavour: 'cpu' | 'cuda', wheels: Wheel[], unpackedBytes: number }} Build
 */

/** @type {Record<'cpu' | 'cuda', Build>} */
export const BUILDS = {
  cpu: { flavour: 'cpu', wheels: [CPU], unpackedBytes: 860e6 },
  cuda: { flavour: 'cuda', wheels: CUDA, unpackedBytes: 5.3e9 },
};

/** Systems for which the wheels above were made: glibc 2.27 (2018) or newer on Linux x64. */
export function wheelsFit() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  const [major, minor] = (process.report.getReport().header.glibcVersionRuntime ?? '0.0').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 27);
}
