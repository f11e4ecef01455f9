// The lower part of the form, in one file.
export { default as Counter } from './Counter.svelte'
export { default as Options } from './Options.svelte'
