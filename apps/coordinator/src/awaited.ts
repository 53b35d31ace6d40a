import { byCodeUnits } from './by-code-units.ts';
import type { RoundsConfig, RoundsState, Seat } from './round-events.ts';

/** Who is being waited for: expected tasks nobody brought, or clients whose answer is due. Sorted. */
export function waitingFor(config: RoundsConfig, state: RoundsState): { clients: string[]; tasks: string[] } {
  if (state.phase === 'gathering' || nobodyLeft(state)) return { clients: [], tasks: missingTasks(config, state) };
  const clients = [...state.asked].filter((client) => !state.answered.has(client)).sort(byCodeUnits);
  return { clients, tasks: clients.flatMap((client) => [...(state.seats.get(client)?.tasks ?? [])]) };
}

/** Everyone said goodbye in the middle of training. */
export const nobodyLeft = (state: RoundsState): boolean => state.phase === 'training' && state.seats.size === 0;

export function missingTasks(
  config: Pick<RoundsConfig, 'expect'>,
  state: { readonly seats: ReadonlyMap<string, Pick<Seat, 'tasks' | 'connected'>> },
): string[] {
  const served = new Map<string, number>();
  for (const seat of state.seats.values()) {
    if (seat.connected) for (const task of seat.tasks) served.set(task, (served.get(task) ?? 0) + 1);
  }
  return config.expect.filter((task) => {
    const left = served.get(task) ?? 0;
    served.set(task, left - 1);
    return left <= 0;
  });
}
