/** The small site of the demo: what a build writes, with the place where it was built in all the usual spots. Pure. */
import { createHash } from 'node:crypto';
import type { Piece } from '../io/workbench.ts';

const MODULE = `"""The program of the demo."""
import configparser
import os
import sys

import colours


def main():
    settings = configparser.ConfigParser()
    settings.read(os.path.join(sys.prefix, 'etc', 'site.ini'))
    log = settings['paths']['log']
    with open(log, 'a') as stream:
        stream.write('hello\\n')
    print('hello from ' + sys.prefix)
    print('colours from ' + os.path.dirname(colours.__file__))
    print('log at ' + log)
`;

const COLOURS = `"""A package that is used from its sources, by a .pth file."""
NAMES = ['red', 'green', 'blue']
`;

const METADATA = 'Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n';
const WHEEL = 'Wheel-Version: 1.0\nGenerator: relocate demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n';
const ENTRY_POINTS = '[console_scripts]\nhello = greeting:main\n';

/**
 * A distribution with a console script in a virtualenv, as pip installs one, a package used from its sources, and a configuration.
 * `packages` is site-packages, relative to the site.
 */
export function virtualenvPieces(site: string, packages: string): Piece[] {
  const script = `#!${site}/bin/python3\nimport sys\nfrom greeting import main\nif __name__ == '__main__':\n    sys.exit(main())\n`;
  const info = 'greeting-1.0.dist-info';
  const installed: readonly (readonly [path: string, text: string])[] = [
    ['greeting.py', MODULE],
    [`${info}/METADATA`, METADATA],
    [`${info}/WHEEL`, WHEEL],
    [`${info}/entry_points.txt`, ENTRY_POINTS],
    [`${info}/INSTALLER`, 'pip\n'],
    [`${info}/direct_url.json`, JSON.stringify({ url: `file://${site}/src/greeting`, dir_info: {} })],
  ];
  const up = packages.split('/').map(() => '..');
  const record = [...installed, [[...up, 'bin', 'hello'].join('/'), script] as const].map(
    ([path, text]) => `${path},${recorded(text)}\n`,
  );
  return [
    ...installed.map(([path, text]) => ({ path: `${packages}/${path}`, text })),
    { path: `${packages}/${info}/RECORD`, text: `${record.join('')}${info}/RECORD,,\n` },
    { path: `${packages}/colours.pth`, text: `${site}/src/colours\n` },
    { path: 'src/colours/colours.py', text: COLOURS },
    { path: 'bin/hello', text: script, executable: true },
    ...sharedPieces(site),
    { path: 'etc/site.ini', text: `[paths]\nlog = ${site}/var/log/site.log\n` },
  ];
}

/** The same idea in shell, for a host without Python. */
export function shellPieces(site: string): Piece[] {
  const script = `#!/bin/sh\n. ${site}/etc/site.conf\necho "hello from $SITE"\necho "log at $LOG"\necho hello >> "$LOG"\n`;
  return [
    { path: 'bin/hello', text: script, executable: true },
    { path: 'etc/site.conf', text: `SITE="${site}"\nLOG="${site}/var/log/site.log"\n` },
    ...sharedPieces(site),
  ];
}

function sharedPieces(site: string): Piece[] {
  return [
    { path: 'var/log/site.log', text: '' },
    { path: 'etc/supervisord.conf', text: `[program:hello]\ncommand=${site}/bin/hello\ndirectory=${site}/var\n` },
    { path: 'log', target: `${site}/var/log` },
  ];
}

/** Digest and size as a RECORD has them. */
function recorded(text: string): string {
  return `sha256=${createHash('sha256').update(text).digest('base64url')},${Buffer.byteLength(text)}`;
}
