import { describe, expect, it } from 'vitest';
import { findPeers } from './find-peers.ts';

const all = () => true;
const without = (part: string) => (path: string) => !path.includes(part);

describe('the scripts of the others', () => {
  it('are found by variables, and by what lies beside them', () => {
    expect(findPeers({ TRUNKLINE_PEERS: '/p/peers' }, all)).toEqual({
      peers: { folder: '/p/peers', python: '/p/peers/.venv/bin/python', data: '/p/data' },
    });
    const env = { TRUNKLINE_PEERS: '/p/peers', TRUNKLINE_PEERS_PYTHON: '/venv/python', TRUNKLINE_DATA: '/data' };
    expect(findPeers(env, all)).toEqual({ peers: { folder: '/p/peers', python: '/venv/python', data: '/data' } });
  });

  it('are missed one by one, by name', () => {
    const env = { TRUNKLINE_PEERS: '/p/peers' };
    expect(findPeers({}, all)).toEqual({ missing: expect.stringContaining('TRUNKLINE_PEERS') as string });
    expect(findPeers(env, without('flower_rig'))).toEqual({
      missing: expect.stringContaining('flower_rig.py') as string,
    });
    expect(findPeers(env, without('.venv'))).toEqual({
      missing: expect.stringContaining('TRUNKLINE_PEERS_PYTHON') as string,
    });
    expect(findPeers(env, without('medical'))).toEqual({
      missing: expect.stringContaining('TRUNKLINE_DATA') as string,
    });
  });
});
