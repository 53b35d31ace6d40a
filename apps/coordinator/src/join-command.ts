/** Where a run's coordinator can be joined. */
export interface JoinPlace {
  readonly url: string;
  /** The certificate that clients must be given as `--ca`; null: without TLS, or a public authority has issued it. */
  readonly ca: string | null;
}

/** The command that a client types. @param file its client file @param token of an invitation */
export function joinCommand({ url, ca }: JoinPlace, file = 'CLIENT.yaml', token?: string): string {
  const options = [...(token === undefined ? [] : [`--token ${token}`]), ...(ca === null ? [] : [`--ca ${ca}`])];
  return ['npm run client -- join', url, file, ...options].join(' ');
}
