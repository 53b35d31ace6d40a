import { createInbox } from '@trunkline/protocol/line';
import { openThinClient } from '../../wire/thin-client.ts';
import { THIN_INPUT } from '../../wire/measured-coordinator.ts';

/** A client process of its own that takes every trunk in and answers with an array of its size, other than everybody else's. */
export interface ArrayClient {
  readonly url: string;
  readonly task: string;
  readonly place: number;
  readonly parameters: number;
}

const { url, task, place, parameters } = JSON.parse(process.argv[2]!) as ArrayClient;
const answer = Float32Array.from({ length: parameters }, (_, i) => 1e-3 * Math.sin(i + place));
const client = openThinClient({
  ...{ url, client: task, task, input: THIN_INPUT, inbox: createInbox(parameters) },
  gradient(round) {
    // Nothing that travelled before could stand for it.
    answer[0] = round + place;
    return answer;
  },
});
await client.done;
client.close();
