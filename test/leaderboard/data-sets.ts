import { join } from 'node:path';
import { ROOT } from '../simulate/child.ts';
import { buildMixed } from './build/mixed.ts';
import { buildPair } from './build/pair.ts';
import { buildPermuted } from './build/permuted.ts';
import { buildSchool } from './build/school.ts';

/** A benchmark of the leaderboard: a complete run file, there already or built from the data folder. */
export interface DataSet {
  readonly name: string;
  /** One sentence for the document. */
  readonly what: string;
  /** Methods that are run when none are named; default: the ten. */
  readonly methods?: readonly string[];
  /** Committed run file. */
  readonly run?: string;
  /** Makes run.yaml, client files and arrays in an empty folder; the same bytes every time. `data` is the folder of the originals. */
  readonly build?: (folder: string, data: string) => void;
}

export const dataSets: readonly DataSet[] = [
  {
    name: 'labs',
    what: 'four labs with three toxicity assays each, labels of their own molecules only (`examples/drug-discovery`); AUROC',
    run: join(ROOT, 'examples/drug-discovery/run.yaml'),
  },
  {
    name: 'hospitals',
    what: 'three hospitals: chest X-ray, breast ultrasound, blood cells (`examples/hospitals`); accuracy',
    run: join(ROOT, 'examples/hospitals/run.yaml'),
  },
  {
    name: 'permuted-100',
    what: 'eight clients with 100 images each of two overlaid pieces of clothing; class of the left one, each client with its own numbering of the classes; 300 steps; accuracy',
    build: (folder, data) => buildPermuted(folder, data, { images: 100, rounds: 300 }),
  },
  {
    name: 'permuted',
    what: 'as permuted-100, with 1,000 images a client and 1,500 steps',
    methods: ['weighted-sum', 'pcgrad'],
    build: (folder, data) => buildPermuted(folder, data, { images: 1000, rounds: 1500 }),
  },
  {
    name: 'permuted-plain',
    what: 'as permuted, with one piece of clothing an image and nothing laid over it',
    methods: ['weighted-sum', 'pcgrad'],
    build: (folder, data) => buildPermuted(folder, data, { images: 1000, rounds: 1500, plain: true }),
  },
  {
    name: 'mixed',
    what: 'four clients with 1,000 such images each and unlike tasks: left class, right class, box of the left piece, random labels; 400 steps; accuracy, for the box R²',
    build: buildMixed,
  },
  {
    name: 'multi-mnist',
    what: 'two overlaid digits, left and right class, 10,000 images; 600 steps; accuracy',
    build: (folder, data) => buildPair(folder, data, 'mnist'),
  },
  {
    name: 'multi-fashion',
    what: 'two overlaid pieces of clothing, left and right class, 10,000 images; 600 steps; accuracy',
    build: (folder, data) => buildPair(folder, data, 'fashion-mnist'),
  },
  {
    name: 'school',
    what: 'exam scores in 139 schools, each a task and a client; 300 steps; RMSE of the score over 10',
    build: buildSchool,
  },
];
