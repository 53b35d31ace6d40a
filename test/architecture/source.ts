import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One mention of another module. `url` is `new URL('x', import.meta.url)` or `import.meta.resolve('x')`: a worker or a program. */
export interface Mention {
  readonly kind: 'import' | 'export' | 'dynamic' | 'require' | 'url';
  readonly specifier: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  /** Lines of code: blank lines and comments do not count. */
  readonly lines: number;
  readonly mentions: readonly Mention[];
  /** Lines of `import(x)` or `require(x)` whose name is only known at run time: they are invisible to the graph. */
  readonly computed: readonly number[];
  readonly exportsDefault: boolean;
}

const ROOMS = ['apps', 'examples', 'libs', 'test'];
const SKIPPED = new Set(['node_modules', 'dist', 'runs']);

/** Every source file of the rooms and `setup.mjs`, parsed. */
export function readSources(root: string): SourceFile[] {
  const paths = ['setup.mjs', ...ROOMS.flatMap((room) => sourcesUnder(root, room))];
  return paths.map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

function sourcesUnder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sourcesUnder(root, path);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) && !/^\./.test(entry.name) ? [path] : [];
  });
}

/**
 * The mentions in one file. With `verbatimModuleSyntax`, `import { type A } from 'x'` still loads x, so only a whole
 * `import type` or `export type` counts as erased.
 */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, false);
  const mentions: Mention[] = [];
  const computed: number[] = [];
  let exportsDefault = false;
  const lineOf = (node: ts.Node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
  const mention = (kind: Mention['kind'], node: ts.Node, specifiers: readonly string[], typeOnly = false) => {
    for (const specifier of specifiers) mentions.push({ kind, specifier, typeOnly, line: lineOf(node) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      mention(
        'import',
        node,
        texts(node.moduleSpecifier),
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      );
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      mention('export', node, texts(node.moduleSpecifier), node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      mention('import', node, ts.isLiteralTypeNode(node.argument) ? texts(node.argument.literal) : [], true);
    } else if (ts.isCallExpression(node)) {
      const kind = loads(node);
      const found = node.arguments[0] ? texts(node.arguments[0]) : [];
      if (kind) mention(kind, node, found);
      if (kind !== undefined && kind !== 'url' && found.length === 0) computed.push(lineOf(node));
    } else if (ts.isNewExpression(node) && isModuleUrl(node)) {
      mention('url', node, texts(node.arguments![0]!));
    }
    exportsDefault ||= isDefaultExport(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*(\/\/|\/?\*)/.test(line)).length;
  return { path, lines, mentions, computed, exportsDefault };
}

/** How a call loads a module, if it does. */
function loads({ expression }: ts.CallExpression): Mention['kind'] | undefined {
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return 'dynamic';
  if (ts.isIdentifier(expression) && expression.text === 'require') return 'require';
  const isResolve = ts.isPropertyAccessExpression(expression) && expression.name.text === 'resolve';
  return isResolve && ts.isMetaProperty(expression.expression) ? 'url' : undefined;
}

function isModuleUrl({ expression, arguments: given }: ts.NewExpression): boolean {
  const base = given?.[1];
  return (
    ts.isIdentifier(expression) &&
    expression.text === 'URL' &&
    base !== undefined &&
    ts.isPropertyAccessExpression(base) &&
    base.name.text === 'url' &&
    ts.isMetaProperty(base.expression)
  );
}

/** The texts that an expression may stand for: a literal, or the branches of a choice between literals. */
function texts(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  return ts.isConditionalExpression(node) ? [...texts(node.whenTrue), ...texts(node.whenFalse)] : [];
}

const isDefaultExport = (node: ts.Node): boolean =>
  ts.isExportAssignment(node) ||
  (ts.canHaveModifiers(node) &&
    (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false)) ||
  (ts.isExportSpecifier(node) && node.name.text === 'default');
