import { dbMtl } from './db-mtl.ts';
import { dwa } from './dwa.ts';
import { excessMtl } from './excess-mtl.ts';
import { famo } from './famo.ts';
import { geometricMedian } from './geometric-median.ts';
import { gls } from './gls.ts';
import { graddrop } from './graddrop.ts';
import { gradnorm } from './gradnorm.ts';
import { imtlL } from './imtl-l.ts';
import { krum } from './krum.ts';
import { median } from './median.ts';
import { moco } from './moco.ts';
import { randomWeights } from './random-weights.ts';
import { scaleInvariant } from './scale-invariant.ts';
import { sdmgrad } from './sdmgrad.ts';
import { stch } from './stch.ts';
import { trimmedMean } from './trimmed-mean.ts';
import { uncertainty } from './uncertainty.ts';
import { alignedMtl } from './aligned-mtl.ts';
import { cagrad } from './cagrad.ts';
import { config } from './config.ts';
import { dualproj } from './dualproj.ts';
import { fairgrad } from './fairgrad.ts';
import { gradvac } from './gradvac.ts';
import { imtlG } from './imtl-g.ts';
import { mgda } from './mgda.ts';
import { nashMtl } from './nash-mtl.ts';
import { pcgrad } from './pcgrad.ts';
import { upgrad } from './upgrad.ts';
import { mean } from './mean.ts';
import type { Strategy } from './strategy.ts';
import { weightedSum } from './weighted-sum.ts';

/** Every way to combine task gradients, by name. Shared code asks a member what it `needs`, never its name. */
export const strategies: Readonly<Record<string, Strategy>> = Object.fromEntries(
  [
    weightedSum,
    mean,
    dbMtl,
    dwa,
    excessMtl,
    famo,
    geometricMedian,
    gls,
    graddrop,
    gradnorm,
    imtlL,
    krum,
    median,
    moco,
    randomWeights,
    scaleInvariant,
    sdmgrad,
    stch,
    trimmedMean,
    uncertainty,
    upgrad,
    pcgrad,
    nashMtl,
    mgda,
    imtlG,
    gradvac,
    fairgrad,
    dualproj,
    config,
    cagrad,
    alignedMtl,
  ].map((strategy) => [strategy.name, strategy]),
);

export { addScaled, combineRows, roundScaled } from './combine.ts';
export { allFinite } from './finite.ts';
export { gramianOf } from './gramian.ts';
export { DRAWS } from './strategy.ts';
export type * from './strategy.ts';
