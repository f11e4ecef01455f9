// Package config is in charge of the settings of a server: what they are, where they come from and whether they
// make sense.
//
// [Settings] is the one place that names them. Each value comes from the first of these that gives it: a command
// line flag, an environment variable (SMSIR_…), the configuration file, the default. [Options] describes every
// setting by its names, default and range; the sample file, the environment variables and the flags are all derived
// from it, so that none can be forgotten.
//
// It is not in charge of what can be changed while the server runs (workspaces, providers, who may register: those
// live in the database and are edited in the web app), nor of acting on a setting.
//
// On failure: [Load] either returns settings that are complete and within their ranges, or an [*Error] that lists
// every problem found, each with where it stands, the offending value (never that of a secret) and how to mend it.
package config
