/** relocate.toml from its text: every key known, every value of its type, or an error that names the line and the nearest key. */
import { parse, TomlError } from 'smol-toml';
import { isRuleCode, RULE_NAMES } from '../model/codes.ts';
import { NO_CONFIG, type Config } from '../model/config.ts';
import { UsageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { normalizeAbsolute, type AbsolutePath } from '../model/path.ts';
import type { Allowance } from '../model/scan.ts';

type Key = string | number;

/**
 * Reads a configuration. `source` is the file's name for messages.
 * @throws UsageError for text that is not TOML, a key that is not known, a value of the wrong type, an `[[allow]]` without a reason
 * @example parseConfig('exclude = ["var/**"]', 'relocate.toml').exclude // ['var/**']
 */
export function parseConfig(text: string, source: string): Config {
  const reader = new ConfigReader(text, source);
  const root = reader.table(reader.parsed(), [], ['tree', 'prefixes', 'exclude', 'volatile', 'cache', 'allow']);
  const tree = reader.table(root['tree'] ?? {}, ['tree'], ['name', 'version']);
  return {
    ...NO_CONFIG,
    source,
    name: reader.optionalText(tree['name'], ['tree', 'name']),
    version: reader.optionalText(tree['version'], ['tree', 'version']),
    prefixes: reader.texts(root['prefixes'], ['prefixes']).map((path, i) => reader.prefix(path, ['prefixes', i])),
    exclude: reader.texts(root['exclude'], ['exclude']),
    volatile: reader.texts(root['volatile'], ['volatile']),
    cache: reader.flag(root['cache'], ['cache']),
    allow: reader
      .list(root['allow'], ['allow'], 'tables: [[allow]]')
      .map((entry, i) => reader.allowance(entry, ['allow', i])),
  };
}

class ConfigReader {
  private readonly text: string;
  private readonly source: string;

  constructor(text: string, source: string) {
    this.text = text;
    this.source = source;
  }

  parsed(): unknown {
    try {
      return parse(this.text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const reason = error.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '') ?? '';
      throw new UsageError(`${this.source}:${error.line}:${error.column}: not valid TOML: ${reason}`);
    }
  }

  table(value: unknown, path: readonly Key[], known: readonly string[]): Readonly<Record<string, unknown>> {
    if (!isTable(value)) throw this.error(path, `${nameOf(path)} must be a table`);
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      const where = path.length === 0 ? '' : ` in ${nameOf(path)}`;
      const hint = near === null ? `known keys: ${known.join(', ')}` : `did you mean '${near}'?`;
      throw this.error([...path, key], `unknown key '${key}'${where}; ${hint}`);
    }
    return value;
  }

  optionalText(value: unknown, path: readonly Key[]): string | null {
    return value === undefined ? null : this.requiredText(value, path);
  }

  flag(value: unknown, path: readonly Key[]): boolean {
    if (value !== undefined && typeof value !== 'boolean')
      throw this.error(path, `${nameOf(path)} must be true or false`);
    return value === true;
  }

  requiredText(value: unknown, path: readonly Key[]): string {
    if (typeof value !== 'string') throw this.error(path, `${nameOf(path)} must be a string, in quotes`);
    if (value.trim() === '') throw this.error(path, `${nameOf(path)} is empty`);
    return value;
  }

  texts(value: unknown, path: readonly Key[]): string[] {
    return this.list(value, path, 'strings').map((entry, i) => this.requiredText(entry, [...path, i]));
  }

  list(value: unknown, path: readonly Key[], of: string): readonly unknown[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.error(path, `${nameOf(path)} must be a list of ${of}`);
    return value;
  }

  prefix(path: string, at: readonly Key[]): AbsolutePath {
    const absolute = normalizeAbsolute(path);
    if (absolute === null) throw this.error(at, `the prefix '${path}' must be absolute`);
    return absolute;
  }

  allowance(value: unknown, path: readonly Key[]): Allowance {
    const entry = this.table(value, path, ['rule', 'files', 'reason']);
    for (const key of ['rule', 'files', 'reason'])
      if (entry[key] === undefined) throw this.error(path, `an [[allow]] must have '${key}'${WHY[key] ?? ''}`);
    const rule = this.requiredText(entry['rule'], [...path, 'rule']);
    this.checkRule(rule, [...path, 'rule']);
    return {
      rule,
      files: this.requiredText(entry['files'], [...path, 'files']),
      reason: this.requiredText(entry['reason'], [...path, 'reason']),
    };
  }

  private checkRule(rule: string, path: readonly Key[]): void {
    const names: readonly string[] = Object.values(RULE_NAMES);
    if (isRuleCode(rule) || names.includes(rule)) return;
    const near = nearest(rule, [...Object.keys(RULE_NAMES), ...names]);
    throw this.error(
      path,
      `no rule '${rule}'; ${near === null ? "'relocate explain' lists them" : `did you mean '${near}'?`}`,
    );
  }

  private error(path: readonly Key[], message: string): UsageError {
    return new UsageError(`${this.source}:${lineOf(this.text, path)}: ${message}`);
  }
}

const WHY: Readonly<Record<string, string>> = {
  rule: ': the code or the name of the rule',
  files: ': a glob of the files it holds for',
  reason: ': an exception says why it is one',
};

/** How a person would call a place in the file: `tree.name`, `prefixes`, `[[allow]]`. */
function nameOf(path: readonly Key[]): string {
  if (path.length === 0) return 'the file';
  if (path[0] === 'allow' && path.length === 2) return '[[allow]]';
  const names = path.map((key) => (typeof key === 'number' ? `[${key + 1}]` : key));
  return `'${names.join('.').replaceAll('.[', '[')}'`;
}

/**
 * The line, from 1, on which a key or an entry of a list begins. The parser gives no positions, so the text is parsed as far as
 * each line: the key begins behind the last part that parses without it. Only errors pay for this.
 */
function lineOf(text: string, path: readonly Key[]): number {
  const lines = text.split('\n');
  let begins = 1;
  for (let count = 1; count <= lines.length; count++) {
    try {
      if (has(parse(lines.slice(0, count).join('\n')), path)) return begins;
      begins = count + 1;
    } catch {
      // A value that goes on over several lines is no TOML until its last one.
    }
  }
  return begins;
}

function has(value: unknown, path: readonly Key[]): boolean {
  let at = value;
  for (const key of path) {
    if (typeof key === 'number' ? !Array.isArray(at) : !isTable(at)) return false;
    at = Reflect.get(Object(at), key);
    if (at === undefined) return false;
  }
  return true;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
