#!/usr/bin/env node
'use strict';
// CommonJS, because that starts 5 ms earlier than a module.
const { setFlagsFromString } = require('node:v8');

// All is given here, before anything is compiled, and for all threads: code that was compiled with other flags is not taken (load.js).
// The V8 of Node 20 optimizes a function so early that a command of a few seconds spends a quarter of its processor time on that; later ones wait
// by themselves, and do not know the flag.
const isOfNode20 = process.versions.v8.startsWith('11.');
if (isOfNode20) setFlagsFromString('--interrupt-budget=1000000');
// By default V8 lets garbage grow to several times what is in use; what a command makes is short-lived objects out of little that lasts.
// The old generation is collected when it is so much larger than after the last time, in percent
setFlagsFromString('--heap-growing-percent=40');
// and then by steps of 2 MB instead of 8, as on a host with little memory
setFlagsFromString('--optimize-for-size');
// MB of new objects, twice (from and to), of threads that start from now on. It grows to its most as soon as it grows, here too, so that a million files
// take what ten thousand take: to keep it small instead (a factor of 1) saves 30 MB of 130 and costs 6 % of a scan's processor time, 20 % of one of
// many small files. Later ones keep new objects in little space by themselves, and a scan takes a third more processor time where they are told how
if (isOfNode20) {
  setFlagsFromString('--max-semi-space-size=8');
  setFlagsFromString('--semi-space-growth-factor=16');
}
// A large function of WebAssembly (zstd's) takes 13 MB to be optimized, which stay with the thread that did it: one at a time, not one for each processor
setFlagsFromString('--wasm-num-compilation-tasks=1');

require('./load.js').load('cli/main.js');
