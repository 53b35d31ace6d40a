import { chosenOf } from '../config/one-of.ts';
import { kernels } from '../kernel/index.ts';
import { createOptimizer, optimizerSchema, type Optimizer, type OptimizerConfig } from '../optimizer/index.ts';
import { factorAt, type Schedule } from '../optimizer/schedule.ts';
import { createWalkMemory, type WalkMemory } from './walk-memory.ts';

/** How a task walks away from θ on its own copy of the trunk. */
export interface WalkRules {
  /** Its moments begin anew each round; a schedule follows the number of the step in the run. */
  readonly optimizer: OptimizerConfig;
  /** μ of FedProx: each gradient is g + μ(θ_local − θ); 0: plain local steps. */
  readonly proximal: number;
}

/** One task's local steps of one round. */
export interface Walk {
  /** Where it stands. Changes in place with every step. */
  readonly theta: Float32Array;
  /** Memory that a gradient may be written to before it is moved along. */
  readonly gradient: Float32Array;
  /** −Σ of the updates, each rounded to float32 before it was added to θ: not a difference of weights. A new array. */
  row(): Float32Array;
  /** One step along `gradient`; `number` counts the steps of the run. */
  move(gradient: Float32Array, number: number): void;
}

/**
 * Begins at `theta`, which is not changed. The update of one step is what the optimizer makes of 0, subtracted from the row and added
 * to θ: one step of sgd(1) gives the gradient bit for bit. An optimizer that reads the weights themselves (weight decay) has no
 * such update and is refused by the run file.
 *
 * `drift` is what is added to every gradient, c − c_k of SCAFFOLD (Karimireddy et al., ICML 2020); the proximal term is FedProx's (Li et
 * al., MLSys 2020).
 */
export function startWalk(
  theta: Float32Array,
  rules: WalkRules,
  drift?: Float32Array,
  memory: WalkMemory = createWalkMemory(theta.length),
): Walk {
  const { theta: here, moved, update, corrected } = memory;
  const straight = rules.proximal === 0 && !drift;
  const optimizerAt = scheduled(rules.optimizer);
  const state = memory.begin(optimizerAt(0));
  here.set(theta);
  moved.fill(0);
  return {
    theta: here,
    gradient: memory.gradient,
    // Not −value, which makes −0 of 0.
    row: () => moved.map((value) => 0 - value),
    move(gradient, number) {
      if (!straight) {
        for (let i = 0; i < corrected.length; i++)
          corrected[i] = gradient[i]! + rules.proximal * (here[i]! - theta[i]!) + (drift ? drift[i]! : 0);
      }
      update.fill(0);
      optimizerAt(number).update(update, straight ? gradient : corrected, state);
      kernels().add(moved, update);
      kernels().add(here, update);
    },
  };
}

/** The optimizer of a step of the run: its own count begins anew each round, so that the schedule is taken out of its hands. */
function scheduled(config: OptimizerConfig): (number: number) => Optimizer {
  const { name, parameters } = chosenOf(optimizerSchema.parse(config));
  const { schedule, learningRate, ...rest } = parameters as { schedule?: Schedule; learningRate: number };
  const at = (rate: number) => createOptimizer({ [name]: { ...rest, learningRate: rate } });
  if (!schedule) {
    const fixed = at(learningRate);
    return () => fixed;
  }
  return (number) => at(learningRate * factorAt(schedule, number));
}

/** c − c_k in float64, rounded once: what SCAFFOLD adds to a task's gradients. */
export function driftOf(control: Float32Array | null, own: Float32Array | undefined, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (control ? control[i]! : 0) - (own ? own[i]! : 0));
}

/**
 * A task's next control variate, option II: c_k⁺ = c_k − c + (θ − y) / (H η), with the row for θ − y. Steps that had nothing to
 * learn from count in H: the coordinator, which knows the rows alone, then keeps c = Σ λ_k c_k / Σ λ_k without being told.
 * @param span H η
 */
export function nextControl(
  { control, own }: { control: Float32Array | null; own: Float32Array | undefined },
  row: Float32Array,
  span: number,
): Float32Array {
  return row.map((value, i) => (own ? own[i]! : 0) - (control ? control[i]! : 0) + value / span);
}
