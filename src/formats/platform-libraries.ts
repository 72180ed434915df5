/**
 * Shared libraries that every host of a platform has, so that they never come along: the C library with its loader, and the runtime of
 * the C and C++ compilers, which must not be older than what another module of the same process was built with. The same line is drawn
 * by the manylinux policies (PEP 513, PEP 599, PEP 600), which list more for desktops and have libcrypt no more.
 */
const PLATFORM: readonly RegExp[] = [
  // the loader: ld-linux-x86-64.so.2, ld64.so.2, ld-musl-x86_64.so.1
  /^ld(?:64|-[\w-]+)?\.so(?:\.\d+)*$/,
  // glibc's own, up to 2.34 in files of their own
  /^lib(?:c|m|dl|pthread|rt|util|resolv|anl|mvec|thread_db|BrokenLocale|nss_\w+)\.so(?:\.\d+)*$/,
  // the old one of glibc; libnsl.so.2 is a package of its own
  /^libnsl\.so\.1$/,
  /^libc\.musl-\w+\.so\.1$/,
];

/** The runtime of the compilers: a host may have no program that needs it. */
const COMPILER_RUNTIME = /^lib(?:gcc_s\.so\.1|stdc\+\+\.so\.6)$/;

/** Whether a library, by the name under which it is needed, is one that the host has. */
export function isPlatformLibrary(name: string): boolean {
  return isCompilerRuntime(name) || PLATFORM.some((pattern) => pattern.test(name));
}

/** Whether it is one that a bare host may lack all the same. */
export function isCompilerRuntime(name: string): boolean {
  return COMPILER_RUNTIME.test(name);
}
