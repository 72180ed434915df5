/** The command line itself: usage, errors in one line, colours, pipes, progress. Against the build. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { progressLine } from '../src/cli/progress.ts';
import { wantsColour } from '../src/cli/terminal.ts';
import { RELOCATE, relocate, run } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { relocateHere } from './support/program.ts';

/** A small tree with one finding. */
function smallTree(): string {
  const tree = join(temporaryFolder(), 'site');
  writeTree(tree, { 'etc/site.conf': `root = ${tree}/var\n` });
  return tree;
}

describe('usage', () => {
  it('--version prints the version alone', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(relocate(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([[['--help']], [['help']], [['scan', '--help']], [['help', 'scan']]])('%j prints help on stdout', (words) => {
    const { status, stdout, stderr } = relocate(words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^relocate (?:<command>|scan <tree>)/);
  });

  it('without a command prints help on stderr and exits 2', () => {
    const { status, stdout, stderr } = relocate([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('relocate scan <tree>');
  });

  const wrong: readonly [words: string[], message: string][] = [
    [['scna', '.'], "unknown command 'scna'; did you mean 'scan'?"],
    [['zzz'], "unknown command 'zzz'; 'relocate --help' lists them"],
    [['scan'], 'something is missing: relocate scan <tree>'],
    [['scan', '.', '--exlude=x'], 'unknown option --exlude; did you mean --exclude?'],
    [['scan', '.', '--zzz'], "unknown option --zzz; 'relocate scan --help' lists what there is"],
    [['scan', '.', 'more'], "unknown argument 'more'; 'relocate scan --help' lists what there is"],
    [['scan', '.', '--by'], "--by must be followed by a value; 'relocate scan --help' lists what there is"],
    [['scan', '.', '--by', 'size'], "--by can't be 'size'; choose from file, rule"],
    [['scan', '.', '--jobs', '0'], "--jobs must be a whole number from 1, not '0'"],
    [['scan', '.', '--jobs', 'many'], "--jobs must be a whole number, not 'many'"],
    [['-v'], "unknown option -v; 'relocate --help' lists the commands"],
    [['scan', '.', '-x'], "unknown option -x; 'relocate scan --help' lists what there is"],
    [['pack', '.', '-o'], "-o must be followed by a value; 'relocate pack --help' lists what there is"],
    [['pack', '.', '-o', '/nowhere/x.tar', '--level=best'], "--level must be a whole number, not 'best'"],
    [['fix', '.', '--only', 'RL101,RL301'], '--only takes one at a time: --only RL101 --only …'],
    [
      ['scan', '.', '--config', '/nowhere/x.toml'],
      "can't read the configuration /nowhere/x.toml: no such file or folder",
    ],
    [['verify', '.', '--hide', '/old'], '--hide is for programs that run: without --run nothing would be hidden'],
    [['scan', '.', '--config', 'a', '--config', 'b'], '--config is given twice'],
    [['explain', 'RL999'], "no rule 'RL999'; 'relocate explain' lists them"],
    [['explain', 'absolute-sebang'], "no rule 'absolute-sebang'; did you mean 'absolute-shebang'?"],
    [['fix', '.', '--to', 'srv'], "--to must be the absolute path of a folder, not 'srv'"],
    [
      ['fix', '.', '--to', '/srv/x', '--template'],
      '--to writes a place and --template a placeholder: give one of them',
    ],
    [['fix', '.', '--only', 'absolute-sebang'], "--only: no rule 'absolute-sebang'; did you mean 'absolute-shebang'?"],
    [['pack', '.'], "--output is missing; 'relocate pack --help' lists what there is"],
    [['pack', '.', '-o', '/nowhere/x.tar.gz', '--level', '0'], "--level must be a whole number from 1 to 19, not '0'"],
    [['install', 'x.tar.gz'], 'something is missing: relocate install <archive> <dest>'],
    [['install', 'x.tar.gz', '/tmp/x', '--sha256', 'abc'], "--sha256 must be 64 hexadecimal digits, not 'abc'"],
    [['verify', '.', '--hide', 'old'], "--hide must be the absolute path of a folder, not 'old'"],
    [['fix', '.', '--diff', '--format', 'json'], '--diff prints a patch; the plan as JSON is --dry-run --format json'],
    [['fix', '.', '--from', 'old'], "--from must be the absolute path of a folder, not 'old'"],
    [['fix', '.', '--except', 'etc'], "--except: no rule 'etc'; a file is named by a glob: './etc'"],
  ];
  it.each(wrong)('%j is one clear line and exits 2', async (words, message) => {
    const tree = smallTree();
    const ran = await relocateHere(words.map((word) => (word === '.' ? tree : word)));
    expect(ran).toEqual({ status: 2, stdout: '', stderr: `relocate: ${message}\n` });
  });

  it.each([wrong.slice(0, 1), wrong.slice(-1)].flat())('%j says so as a program too', (words, message) => {
    expect(relocate(words, { cwd: smallTree() })).toEqual({ status: 2, stdout: '', stderr: `relocate: ${message}\n` });
  });
});

describe('a place behind --', () => {
  it.each([
    ['a word like any other', 'site'],
    ['a name that begins with a dash', '-site'],
  ])('is %s', (_, name) => {
    const folder = temporaryFolder();
    writeTree(join(folder, name), { 'etc/site.conf': `root = ${folder}/${name}/var\n` });
    const { status, stdout, stderr } = relocate(['scan', '--format', 'json', '--', name], { cwd: folder });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ tree: join(folder, name), summary: { references: 1 } });
  });
});

describe('bad input', () => {
  const expectRefused = async (words: readonly string[], message: RegExp): Promise<void> => {
    const { status, stdout, stderr } = await relocateHere(words);
    expect({ status, stdout, lines: stderr.split('\n').length }).toEqual({ status: 2, stdout: '', lines: 2 });
    expect(stderr).toMatch(message);
  };

  it.each(['scan', 'fix', 'undo', 'recover'])('%s refuses a tree that is not there', async (command) => {
    await expectRefused([command, '/nowhere/at/all'], /^relocate: there is no tree at \/nowhere\/at\/all/);
  });

  it('an odd name is shown on one line', async () => {
    await expectRefused(['undo', '/nowhere/a\nb\x1b[2J'], /^relocate: there is no tree at \/nowhere\/a\\nb\\x1b\[2J: /);
  });

  it.each(['scan', 'fix', 'undo', 'recover'])('%s refuses a file for a tree', async (command) => {
    await expectRefused(
      [command, join(smallTree(), 'etc/site.conf')],
      /^relocate: .*site\.conf is a file, not a folder/,
    );
  });

  it.each(['scan', 'fix'])('%s refuses a configuration with an unknown key, and changes nothing', async (command) => {
    const tree = smallTree();
    writeFileSync(join(tree, 'relocate.toml'), '[tree]\nname = "x"\n\nexlude = []\n');
    await expectRefused(
      [command, tree],
      /^relocate: .*relocate\.toml:4: unknown key 'exlude' in 'tree'; known keys: name, version$/m,
    );
    expect(readFileSync(join(tree, 'etc/site.conf'), 'utf8')).toBe(`root = ${tree}/var\n`);
  });
});

describe('output', () => {
  it('goes to stdout; with --quiet there is none, and the exit code is the answer', () => {
    const tree = smallTree();
    const { status, stdout, stderr } = relocate(['scan', tree]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('etc/site.conf');
    expect(relocate(['scan', tree, '--quiet'])).toEqual({ status: 1, stdout: '', stderr: '' });
  });

  it('is clean and exits 0 where nothing ties the tree', () => {
    const tree = join(temporaryFolder(), 'site');
    writeTree(tree, { 'a.txt': 'nothing\n' });
    const { status, stdout } = relocate(['scan', tree]);
    expect(status).toBe(0);
    expect(stdout).toContain('Nothing ties this tree to its place.');
  });

  it('has an allowed reference without a no', () => {
    const tree = smallTree();
    writeFileSync(
      join(tree, 'relocate.toml'),
      '[[allow]]\nrule = "RL201"\nfiles = "etc/**"\nreason = "shown to people only"\n',
    );
    expect(relocate(['scan', tree, '--quiet']).status).toBe(0);
    expect(relocate(['scan', tree, '--all']).stdout).toContain('shown to people only');
  });

  it('has colours only where they are asked for', () => {
    const tree = smallTree();
    const colours = (env: Readonly<Record<string, string>>, ...words: string[]): boolean =>
      relocate(['scan', tree, ...words], { env: { PATH: process.env['PATH'] ?? '', ...env } }).stdout.includes(
        '\u001b[',
      );
    expect(colours({})).toBe(false);
    expect(colours({ FORCE_COLOR: '1' })).toBe(true);
    expect(colours({ FORCE_COLOR: '1' }, '--no-color')).toBe(false);
  });

  it('is not upset by a reader that goes away', () => {
    const tree = join(temporaryFolder(), 'site');
    writeTree(tree, { 'etc/many.conf': `${tree}/x\n`.repeat(20_000) });
    const script = `"$0" "$1" scan "$2" --format ndjson | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = run('bash', ['-c', script, process.execPath, RELOCATE, tree]);
    expect(stdout.trim().split('\n')[1]).toBe('1');
    expect(stderr).toBe('');
  });

  it('that can not be written is an error', () => {
    const { status, stderr } = run('bash', [
      '-c',
      `"$0" "$1" scan "$2" > /dev/full`,
      process.execPath,
      RELOCATE,
      smallTree(),
    ]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^relocate: can't write the result: ENOSPC/);
  });
});

describe('a terminal', () => {
  const inTerminal = (words: readonly string[], env: Readonly<Record<string, string>>): string => {
    const command = [process.execPath, RELOCATE, ...words].map((word) => `'${word}'`).join(' ');
    return run('script', ['-qec', `stty columns 80; ${command}`, '/dev/null'], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
    }).stdout;
  };

  it('gets colours, unless NO_COLOR, TERM=dumb or --no-color', () => {
    const tree = smallTree();
    expect(inTerminal(['scan', tree], { TERM: 'xterm' })).toContain('\u001b[');
    expect(inTerminal(['scan', tree], { TERM: 'xterm', NO_COLOR: '1' })).not.toContain('\u001b[');
    expect(inTerminal(['scan', tree], { TERM: 'dumb' })).not.toContain('\u001b[');
    expect(inTerminal(['scan', tree, '--no-color'], { TERM: 'xterm' })).not.toContain('\u001b[');
  });

  it('gets lines that fit it', () => {
    const tree = join(temporaryFolder(), 'site');
    writeTree(tree, { [`etc/${'deep/'.repeat(30)}x.conf`]: `root = ${tree}/${'long/'.repeat(40)}\n` });
    const lines = inTerminal(['scan', tree], { TERM: 'dumb' }).split('\r\n');
    for (const line of lines.filter((text) => !text.includes('Next') && !text.includes(' or:')))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [{}, true, false, true],
    [{}, false, false, false],
    [{ NO_COLOR: '1' }, true, false, false],
    [{ NO_COLOR: '' }, true, false, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, false, true],
    [{ FORCE_COLOR: '0' }, true, false, false],
    [{ TERM: 'dumb' }, true, false, false],
    [{ FORCE_COLOR: '1' }, true, true, false],
  ])('environment %j, terminal %s, --no-color %s: colours %s', (environment, isTTY, isRefused, expected) => {
    expect(wantsColour({ isTTY }, isRefused, environment)).toBe(expected);
  });
});

describe('the progress line', () => {
  it('waits a second, keeps to the width, shows the share where the whole is known, and goes away', () => {
    let now = 0;
    let written = '';
    const progress = progressLine({ columns: 60, write: (text: string) => (written += text) }, 'scanning', () => now);
    progress.update({ files: 10, bytes: 100 });
    expect(written).toBe('');
    now = 1500;
    progress.update({ files: 1204, bytes: 1_234_567 });
    expect(written).toBe('\rscanning  1,204 files, 1.2 MB, 1 s\u001b[K');
    now = 1550;
    progress.update({ files: 1300, bytes: 2_000_000 });
    expect(written).not.toContain('1,300');
    now = 2000;
    written = '';
    progress.update({ files: 5, bytes: 2_000_000, totalFiles: 10 });
    expect(written).toContain(' 50%  scanning  5 of 10 files');
    progress.clear();
    expect(written.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('explain', () => {
  it('prints the page of a rule, by code or by name', () => {
    const byCode = relocate(['explain', 'rl301']);
    expect(byCode.status).toBe(0);
    expect(byCode.stdout).toMatch(/^RL301 absolute-symlink\n/);
    expect(relocate(['explain', 'absolute-symlink'])).toEqual(byCode);
  });

  it('lists all rules', () => {
    expect(relocate(['explain']).stdout).toMatch(/^RL301 {2}absolute-symlink /m);
  });

  it('is JSON too', () => {
    const page = JSON.parse(relocate(['explain', 'RL301', '--format', 'json']).stdout) as {
      code: string;
      page: string;
    };
    expect(page.code).toBe('RL301');
    expect(page.page).toContain('## What it finds');
  });
});

describe('demo', () => {
  it('shows the main job from end to end, and leaves nothing behind', () => {
    // a folder of its own: in the one that all share, another demo may be at work
    const TMPDIR = temporaryFolder();
    const { status, stdout, stderr } = relocate(['demo'], { env: { ...process.env, TMPDIR } });
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Shown: what was built at one place runs at another');
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  it('does so in shell, on a host without Python', () => {
    const bin = temporaryFolder();
    for (const program of ['sh', 'env', 'dirname', 'realpath'])
      symlinkSync(run('sh', ['-c', `command -v ${program}`]).stdout.trim(), join(bin, program));
    const { status, stdout } = relocate(['demo', '--format', 'json'], { env: { PATH: bin } });
    expect(status, stdout).toBe(0);
    const shown = JSON.parse(stdout) as { ok: boolean; steps: object[] };
    expect(shown.ok).toBe(true);
    expect(shown.steps[0]).toMatchObject({ kind: 'built', form: 'shell' });
  });

  it('keeps its folder where it is told to', () => {
    const { stdout } = relocate(['demo', '--keep', '--format', 'json']);
    const { steps } = JSON.parse(stdout) as { steps: [{ place: string }] };
    const folder = dirname(dirname(steps[0].place));
    expect(readdirSync(folder).sort()).toEqual(['another place', 'build', 'gone', 'site.tar.gz']);
    rmSync(folder, { recursive: true });
  });
});

/** Waits until a program has a file open; a time to wait would be too short on one machine and too long on another. */
async function untilItReads(child: ChildProcess, file: string): Promise<void> {
  const folder = `/proc/${child.pid}/fd`;
  const isOpen = (descriptor: string): boolean => {
    try {
      return readlinkSync(join(folder, descriptor)) === file;
    } catch {
      return false;
    }
  };
  while (child.exitCode === null && !readdirSync(folder).some(isOpen)) await setTimeout(20);
}

describe('Ctrl-C', () => {
  it('ends a scan with 130 and one line', async () => {
    const tree = join(temporaryFolder(), 'site');
    writeTree(tree, { a: 'x' });
    run('truncate', ['-s', '40G', join(tree, 'huge')]);
    const child = spawn(process.execPath, [RELOCATE, 'scan', tree], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const closed = once(child, 'close');
    await untilItReads(child, join(tree, 'huge'));
    child.kill('SIGINT');
    const [status] = (await closed) as [number | null];
    expect(status).toBe(130);
    expect(said).toMatch(/interrupted/);
  }, 20_000);
});
