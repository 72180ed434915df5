/** Configuration of services after a move, as the services themselves read it. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildTree, has, run } from './support/moved-tree.ts';

const PYTHON = '/usr/bin/python3';

const SUPERVISED = String.raw`
import json, os, shlex, sys
from supervisor.options import ServerOptions, ClientOptions
o = ServerOptions(); o.realize(['-c', sys.argv[1]])
p = {q.name: q for g in o.process_group_configs for q in g.process_configs}
c = ClientOptions(); c.realize(['-c', sys.argv[1], 'status'])
print(json.dumps({
  'logfile': o.logfile, 'pidfile': o.pidfile, 'socket': [s['file'] for s in o.server_configs], 'ctl': c.serverurl,
  'history': c.history_file, 'environment': o.configroot.supervisord.environment.get('SITE'),
  'programs': {n: {'command': shlex.split(q.command), 'directory': q.directory, 'log': q.stdout_logfile, 'environment': q.environment} for n, q in p.items()},
}, default=str))
`;

const MAIN = `[unix_http_server]
file=@P@/var/run/supervisor.sock
[supervisord]
logfile=@P@/var/log/supervisord.log
pidfile = @P@/var/run/supervisord.pid
environment=SITE="@P@"
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://@P@/var/run/supervisor.sock
history_file=@P@/var/history
[program:web]
command=@P@/etc/web -b unix:@P@/var/run/web.sock --log "@P@/var/log"
    --more @P@/more
directory=@P@/etc
stdout_logfile=@P@/var/log/web.log
environment=HOME="@P@",LIST="@P@/a:@P@/b"
[include]
files = @P@/etc/supervisor.d/*.ini
`;

describe.skipIf(!has(PYTHON, '-c', 'import supervisor.options'))('supervisord', () => {
  const read = (file: string): string => run(PYTHON, ['-c', SUPERVISED, file]);
  /** With `x/..` taken out: the programs are given paths, not texts. */
  const settled = (output: string): unknown =>
    JSON.parse(output, (_, value: unknown) =>
      typeof value === 'string' ? value.replace(/\/[^:]*/g, (path) => normalize(path).replace(/(.)\/$/, '$1')) : value,
    );

  test('reads in the moved tree what it read before', async () => {
    const built = buildTree({
      'etc/supervisord.conf': MAIN,
      'etc/supervisor.d/x.ini': '[program:x]\ncommand=@P@/etc/x\ndirectory=@P@/etc/supervisor.d\n',
    });
    for (const folder of ['var/run', 'var/log']) mkdirSync(join(built.root, folder), { recursive: true });
    const before = read(join(built.root, 'etc/supervisord.conf'));
    // supervisor itself splits the names of included files at blanks
    const { root, plan } = await built.move('new-place');
    expect(plan.refusals).toEqual([]);
    expect(readFileSync(join(root, 'etc/supervisord.conf'), 'utf8')).not.toContain(root);
    expect(settled(read(join(root, 'etc/supervisord.conf')))).toEqual(settled(before.replaceAll(built.root, root)));
  });

  test('with a blank in the path, commands stay whole', async () => {
    const built = buildTree({ 'etc/supervisord.conf': MAIN.replace(/\[include\][^]*/, '') });
    for (const folder of ['var/run', 'var/log']) mkdirSync(join(built.root, folder), { recursive: true });
    const before = read(join(built.root, 'etc/supervisord.conf'));
    const { root } = await built.move();
    expect(settled(read(join(root, 'etc/supervisord.conf')))).toEqual(settled(before.replaceAll(built.root, root)));
  });

  test('works through the link of the current release, and paths beyond the release are pinned', async () => {
    const text =
      '[supervisord]\nlogfile=@P@/var/log/s.log\n[supervisorctl]\n[program:web]\ncommand=@P@/releases/1/bin/web\ndirectory=@P@/releases/1\n';
    const built = buildTree({ 'releases/1/etc/supervisord.conf': text });
    mkdirSync(join(built.root, 'var/log'), { recursive: true });
    symlinkSync('releases/1', join(built.root, 'current'));
    const { root, plan } = await built.move('new-place');
    const found = JSON.parse(read(join(root, 'current/etc/supervisord.conf')));
    expect(found.logfile).toBe(join(root, 'var/log/s.log'));
    expect(normalize(found.programs.web.command[0])).toBe(join(root, 'current/bin/web'));
    expect(plan.changes.flatMap(({ edits }) => edits.map(({ form }) => form))).toEqual([
      'prefix',
      'relative',
      'relative',
    ]);
  });
});

const ZCONFIG = String.raw`
import io, json, sys, ZConfig
schema = ZConfig.loadSchemaFile(io.StringIO('<schema><sectiontype name="s"><key name="path"/></sectiontype>'
  '<key name="instancehome"/><multikey name="path" attribute="paths"/><multisection type="s" name="*" attribute="s"/></schema>'))
config, _ = ZConfig.loadConfig(schema, sys.argv[1])
print(json.dumps([config.instancehome, config.paths, [s.path for s in config.s]]))
`;

describe.skipIf(!has('python3', '-c', 'import ZConfig'))('ZConfig', () => {
  test.each([
    '# in @P@\ninstancehome @P@\npath @P@/a:@P@/b\n<s>\n  path @P@/var\n</s>\n',
    '%define HERE @P@\ninstancehome @P@\r\n<s one>\n  path @P@/var\n</s>\n',
    '%define VAR @P@/var\ninstancehome @P@\n<s>\n  path $VAR/x\n</s>\n',
    '<s>\n\tpath @P@/é\n</s>\ninstancehome @P@\n',
  ])('reads %j as before, with a path that holds blanks and dollars', async (text) => {
    const built = buildTree({ 'etc/zope.conf': text });
    const read = (root: string): string => run('python3', ['-c', ZCONFIG, join(root, 'etc/zope.conf')]);
    const before = read(built.root);
    const { root } = await built.move('new $place');
    expect(JSON.parse(read(root))).toEqual(JSON.parse(before.replaceAll(built.root, root)));
    const uses = readFileSync(join(root, 'etc/zope.conf'), 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#') && line.includes('place'));
    expect(uses).toHaveLength(1);
  });
});

describe.skipIf(!has('uwsgi', '--version'))('uwsgi', () => {
  test('finds its paths from the folder of the configuration', async () => {
    const built = buildTree({
      'etc/app.ini':
        '[uwsgi]\n; in @P@\nset-placeholder = a=@P@/app\nset-placeholder = b = @P@/x:@P@\nshow-config = true\nexit-on-config = @(exec:///bin/false)\n',
    });
    const { root } = await built.move();
    const text = readFileSync(join(root, 'etc/app.ini'), 'utf8');
    expect(text).toContain('set-placeholder = a=%d../app\n');
    const shown = run('sh', ['-c', 'timeout 2 uwsgi --ini "$1" 2>&1 || true', 'sh', join(root, 'etc/app.ini')]);
    expect(shown).toContain(`set-placeholder = a=${root}/etc/../app`);
  });
});

describe.skipIf(!has('nginx', '-v'))('nginx', () => {
  test('accepts its configuration at the new place; a path that it can not hold is refused', async () => {
    const text =
      'pid @P@/run/nginx.pid; error_log "@P@/log/error.log";\nevents {}\nhttp { access_log @P@/log/access.log; server { listen 127.0.0.1:18099; root @P@/htdocs; } }\n';
    const built = buildTree({ 'etc/nginx.conf': text });
    for (const folder of ['run', 'log']) mkdirSync(join(built.root, folder));
    const { root } = await built.move('new-place-é');
    expect(run('sh', ['-c', 'nginx -t -c "$1" 2>&1', 'sh', join(root, 'etc/nginx.conf')])).toContain(
      'test is successful',
    );
    const other = buildTree({ 'etc/nginx.conf': text });
    const refusals = (await other.move('new place')).plan.refusals.map(({ reason }) => reason);
    expect(refusals).toEqual(['cannot-escape', 'cannot-escape', 'cannot-escape']);
  });
});
