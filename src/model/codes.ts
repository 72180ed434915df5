/** Every rule code with its name. A code never changes its meaning; names say the pattern and not the remedy. */
export const RULE_NAMES = {
  RL101: 'absolute-shebang',
  RL102: 'shebang-trampoline',
  RL103: 'outside-shebang',
  RL104: 'shebang-too-long',
  RL105: 'activate-script',
  RL106: 'buildout-script',
  RL107: 'zipapp-shebang',
  RL109: 'env-export',
  RL201: 'absolute-path-in-text',
  RL202: 'pkg-config-prefix',
  RL205: 'config-script',
  RL206: 'service-config',
  RL207: 'escaped-path',
  RL208: 'wide-string',
  RL209: 'git-link',
  RL210: 'toolchain-config',
  RL211: 'path-in-data-file',
  RL212: 'build-cache',
  RL301: 'absolute-symlink',
  RL302: 'outside-symlink',
  RL303: 'dangling-symlink',
  RL304: 'escaping-symlink',
  RL305: 'symlink-loop',
  RL401: 'absolute-rpath',
  RL402: 'outside-rpath',
  RL403: 'absolute-interpreter',
  RL404: 'absolute-needed',
  RL405: 'path-in-c-string',
  RL406: 'path-in-binary',
  RL501: 'pyvenv-cfg',
  RL502: 'absolute-pth',
  RL503: 'egg-link',
  RL504: 'editable-finder',
  RL505: 'direct-url',
  RL506: 'record-mismatch',
  RL507: 'pyc-filename',
  RL508: 'pyc-constant',
  RL509: 'sysconfigdata',
  RL510: 'kernel-json',
  RL511: 'buildout-metadata',
  RL512: 'conda-meta',
  RL513: 'outside-interpreter',
  RL901: 'unreadable',
  RL902: 'changed-while-read',
  RL903: 'special-file',
  RL904: 'path-in-file-name',
  RL906: 'unknown-encoding',
  RL907: 'stored-digest',
} as const;

export type RuleCode = keyof typeof RULE_NAMES;
export type RuleName = (typeof RULE_NAMES)[RuleCode];

/** Whether a string is the code of a rule. */
export function isRuleCode(code: string): code is RuleCode {
  return Object.hasOwn(RULE_NAMES, code);
}
