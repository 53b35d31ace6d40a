/** Every bound on what may come over the network, with its reason. Sizes in bytes, times in milliseconds. */
export const limits = {
  /** One WebSocket message. A larger one is cut off by the transport before it is allocated. */
  frameBytes: 1_000_000,
  /** One chunk of a tensor: half a frame, small enough that control messages never wait long behind it. */
  chunkBytes: 512 * 1024,
  /** Chunks of one transfer that may be on their way without acknowledgement. */
  chunksInFlight: 4,
  /** Binary attachments of one packet: one chunk needs one. */
  attachments: 2,
  /** A control message, packed. */
  controlBytes: 256 * 1024,
  /** Elements of a trunk: 4 GiB of float32 is past what a browserless client can hold twice. */
  trunkElements: 500_000_000,
  /** Layers of a trunk, nested ones included: enough for any network that fits the elements. */
  trunkLayers: 1_000,
  /** Tasks of one client. */
  tasksPerClient: 256,
  /** Local steps of one round, and steps of a warm-up: what a coordinator may ask of a client in one message. */
  localSteps: 100_000,
  /** Length of an id. */
  idLength: 64,
  /** Uploads that the coordinator holds in memory at once; past it, credit is granted in sorted order. */
  uploadBudgetBytes: 512 * 1024 * 1024,
  /** How long an admitted client may take for `hello` and `join`. */
  joinMs: 120_000,
  /** How long a challenge can be answered; a slow line and a proxy fit into it. */
  challengeMs: 30_000,
  /** Answered challenges that are remembered while they would still be valid; past it nobody new comes in for a moment. */
  challengesHeld: 4_096,
  /** How long a stranger may hold a socket, and how many may at once: past it the one that has held its own longest goes. */
  strangerMs: 15_000,
  strangers: 2_048,
  /** Headers of one HTTP request, all together. */
  headerBytes: 8_192,
  /** An acknowledgement that does not come within this time counts as a lost connection. */
  ackMs: 60_000,
  /** Heartbeats: a side that hears nothing for interval + timeout closes the connection. */
  pingIntervalMs: 10_000,
  pingTimeoutMs: 20_000,
} as const;
