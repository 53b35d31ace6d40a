/** Every bound on what may come over the network, with its reason. Sizes in bytes, times in milliseconds. */
export const limits = {
  /** One WebSocket message. A larger one is cut off by the transport before it is allocated. */
  frameBytes: 1_000_000,
  /** One chunk of a tensor: half a frame, small enough that control messages never wait long behind it. */
  chunkBytes: 512 * 1024,
  /** What transfers are counted in: a slow line carries one at a time, so that control messages wait for no more than that. */
  grainBytes: 32 * 1024,
  /** Whole chunks that may be on their way over one line without acknowledgement, however fast it is. */
  chunksInFlight: 4,
  /** How long what is under way on a line may keep a message waiting; the window of unacknowledged bytes follows it. */
  queueMs: 2_000,
  /** Gaps that an answer to an announcement names. */
  holes: 256,
  /** Binary attachments of one packet: one chunk needs one. */
  attachments: 2,
  /** A control message, packed. */
  controlBytes: 256 * 1024,
  /** Arrays and maps in each other in a control message; a trunk's specification is the deepest. */
  packDepth: 40,
  /** Values in a control message, all levels together: 256 tasks with 16 metrics each need a tenth. */
  packElements: 65_536,
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
  /** Megabytes of uploads that the coordinator holds in memory at once where the run file says nothing else. */
  uploadsMb: 512,
  /** Contributions from this size on are hashed, checked and added one a turn of the event loop. */
  turnBytes: 1024 * 1024,
  /** How much the lines together may take of one turn of the coordinator's event loop: milliseconds, and bytes read or to be written. */
  turn: { ms: 10, bytes: 4 * 1024 * 1024 },
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
  /** A line on which something is unacknowledged and nothing is acknowledged for this long counts as lost. */
  ackMs: 60_000,
  /** The same for one request, whatever else is acknowledged meanwhile. */
  answerMs: 600_000,
  /** Requests of one line that may be unanswered; an honest side never has as many. */
  requests: 1_024,
  /** Refusals of one client: what a change of round under way can cost an honest one, and as many again in time as explain themselves. */
  refusals: { burst: 300, perSecond: 2 },
  /** Packets of one line; a side that sends more is read more slowly, not refused. */
  packets: { burst: 40_000, perSecond: 20_000 },
  /** Clients whose refusals are remembered after their line has ended. */
  clientsRemembered: 4_096,
  /** Heartbeats: on a line that nobody uses something comes in this often. */
  pingIntervalMs: 10_000,
  /** A line is dead once no byte has come in for this long. */
  silentMs: 30_000,
  /** A line that stays silent for this long when it is asked gives its place to another of the same key: longer than `queueMs` and the way back. */
  probeMs: 3_000,
  /** How long a client that is started again may find its own line of before alive: a process that is told to end has five seconds. */
  duplicateMs: 6_000,
  /** A part of the audit log, some fifty thousand lines: past it a new file begins, and its chain goes on there. */
  auditBytes: 16 * 1024 * 1024,
  /** How long the last words to a side that is sent away may take. */
  partingMs: 2_000,
  /** socket.io's own time-out counts whole frames and would end a slow line under its load: it stands behind `silentMs` only. */
  pingTimeoutMs: 600_000,
} as const;
