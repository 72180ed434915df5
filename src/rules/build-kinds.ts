/** Builds as they show in the file system: how their folder is known, which files of it they made, and how to begin anew. */

export interface BuildKind {
  /** For people: `a CMake build`. */
  readonly name: string;
  /** What to do before anything is built there again. */
  readonly again: string;
  /** Names of which every folder of such a build has one. */
  readonly marks: readonly string[];
  /** Whether a folder with these names is one where such a build ran. */
  isBuild(names: ReadonlySet<string>): boolean;
  /** Whether the build has the folder for itself, its sources being elsewhere: then all in it was made by the build. */
  isApart(names: ReadonlySet<string>): boolean;
  /** What the build makes beside its sources, by the path below its folder. */
  readonly made: RegExp;
  /** Whether what stands beside a `NAME.in` was made of it. */
  readonly fillsTemplates: boolean;
}

const never = (): boolean => false;
/** No path. */
const NOTHING = /(?!)/;

const CMAKE: BuildKind = {
  name: 'a CMake build',
  again: '`cmake --fresh -B` it (before CMake 3.24: remove CMakeCache.txt and CMakeFiles first)',
  marks: ['CMakeCache.txt'],
  isBuild: (names) => names.has('CMakeCache.txt') && names.has('CMakeFiles'),
  isApart: (names) => !names.has('CMakeLists.txt'),
  made: /(^|\/)(CMakeFiles(\/|$)|(CMakeCache\.txt|cmake_install\.cmake|CTestTestfile\.cmake|install_manifest\.txt|compile_commands\.json|build\.ninja|\.ninja_(deps|log))$)/,
  fillsTemplates: false,
};

const MESON: BuildKind = {
  name: 'a Meson build',
  again: '`meson setup --wipe` it',
  marks: ['meson-private'],
  isBuild: (names) => names.has('meson-private') && names.has('meson-info'),
  isApart: () => true,
  made: NOTHING,
  fillsTemplates: false,
};

const CONFIGURE: BuildKind = {
  name: 'a build by configure',
  again: 'run `make distclean` and configure again',
  marks: ['config.status', 'configure'],
  isBuild: (names) =>
    names.has('config.status') || (names.has('configure') && (names.has('config.log') || names.has('configure.log'))),
  isApart: (names) =>
    names.has('config.log') && !names.has('configure') && !names.has('configure.ac') && !names.has('configure.in'),
  made: /(^|\/)((\.libs|\.deps|autom4te\.cache)(\/|$)|(config\.(log|status|cache)|configure\.log|libtool|stamp-h\d*)$)|\.(o|lo|loT|Plo|Po|Tpo|Tlo|gcno|gcda)$/,
  fillsTemplates: true,
};

const NODE_GYP: BuildKind = {
  name: 'a node-gyp build',
  again: '`npm rebuild` (node-gyp rebuild) it',
  marks: ['config.gypi'],
  isBuild: (names) => names.has('config.gypi') && (names.has('Makefile') || names.has('binding.Makefile')),
  isApart: never,
  // the module itself stays: programs load it from here
  made: /^(config\.gypi|Makefile|[^/]+\.Makefile|[^/]+\.mk|gyp-mac-tool|(Release|Debug)\/(\.deps(\/|$)|obj\.target\/(?!.*\.node$).+|obj\/.*\.o$))/,
  fillsTemplates: false,
};

const CARGO: BuildKind = {
  name: 'a cargo build',
  again: '`cargo clean` first: cargo takes a moved target folder for fresh',
  marks: ['.rustc_info.json'],
  isBuild: (names) => names.has('.rustc_info.json'),
  isApart: never,
  // programs and libraries lie beside these folders and stay
  made: /^\.rustc_info\.json$|(^|\/)(\.fingerprint|incremental|deps|build)(\/|$)|\.d$/,
  fillsTemplates: false,
};

const EXTCONF: BuildKind = {
  name: 'a build of a Ruby extension',
  again: '`gem pristine` builds it anew',
  marks: ['mkmf.log', 'extconf.rb'],
  isBuild: (names) => names.has('mkmf.log') || (names.has('extconf.rb') && names.has('Makefile')),
  isApart: never,
  made: /(^|\/)(mkmf\.log|gem_make\.out|Makefile)$|\.o$/,
  fillsTemplates: false,
};

const MAKEMAKER: BuildKind = {
  name: 'a build of a Perl module',
  again: 'run `perl Makefile.PL` again',
  marks: ['pm_to_blib'],
  isBuild: (names) => names.has('Makefile.PL') && names.has('pm_to_blib'),
  isApart: never,
  made: /^(Makefile|pm_to_blib|blib(\/|$)|MYMETA\.(json|yml))|\.(o|bs)$/,
  fillsTemplates: false,
};

export const BUILD_KINDS: readonly BuildKind[] = [CMAKE, MESON, CONFIGURE, NODE_GYP, CARGO, EXTCONF, MAKEMAKER];

/** Records of builds that can be told by their names alone, wherever they are. */
export const RECORDS: readonly { readonly made: RegExp; readonly name: string; readonly again: string }[] = [
  { made: /(^|\/)\.ninja_(deps|log)$/, name: 'a ninja build', again: 'configure it anew' },
  { made: /(^|\/)CMakeCache\.txt$/, name: CMAKE.name, again: CMAKE.again },
  { made: /(^|\/)(mkmf\.log|gem_make\.out)$/, name: EXTCONF.name, again: EXTCONF.again },
  { made: /(^|\/)\.eslintcache$/, name: 'a cache of ESLint', again: 'remove it, it is made again' },
  { made: /\.tsbuildinfo$/, name: 'an incremental build of TypeScript', again: 'remove it, it is made again' },
];
