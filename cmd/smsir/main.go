// Command smsir is the gateway: one binary with the server and the tools around it.
//
// Its files are one for each subcommand; serve.go is the only place where the parts are wired
// together. It returns 0 on success, 1 on failure and 2 for a command line or a configuration that
// cannot be used.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones on machines without their files

	"github.com/alecthomas/kong"
	"github.com/smsir/smsir/internal/config"
)

// version is set by the build.
var version = "dev"

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // the live heap is small: rarer collections cost a few megabytes
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], process{getenv: os.Getenv, environ: os.Environ(), out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// process is what the program gets from the system; tests pass their own.
type process struct {
	getenv   func(string) string
	environ  []string
	out, err io.Writer
	ready    func(url string) // called when the server answers; may be nil
}

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Start the gateway."`
	Demo    demoCommand    `cmd:"" help:"Play the main job in this terminal, with data of its own."`
	Migrate migrateCommand `cmd:"" help:"Look after the tables of the database."`
	Move    moveCommand    `cmd:"" help:"Move all data of a stopped gateway from SQLite to PostgreSQL."`
	Config  configCommand  `cmd:"" help:"Check or show the configuration."`
	OpenAPI openAPICommand `cmd:"" name:"openapi" help:"Write the OpenAPI document of the HTTP API."`
	Version versionCommand `cmd:"" help:"Show the version."`
}

func run(ctx context.Context, args []string, p process) int {
	cli := commands{Serve: serveCommand{settingFlags: newSettingFlags()}, Config: configCommand{Check: configCheckCommand{settingFlags: newSettingFlags()}}, Move: moveCommand{settingFlags: newSettingFlags()}, Migrate: migrateCommand{
		Status: migrateStatusCommand{newSettingFlags()}, Up: migrateUpCommand{newSettingFlags()},
	}}
	exit := -1
	parser, err := kong.New(&cli, kong.Name("smsir"), kong.Description("SMSir, the SMS gateway that you run yourself."), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Writers(p.out, p.err), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(p.err, "smsir:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exit >= 0 { // help was asked for and shown
		return exit
	}
	if err != nil {
		fmt.Fprintf(p.err, "smsir: %s\nRun \"smsir --help\" for the commands and their options.\n", err)
		return 2
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run(p)
	var bad *config.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &bad):
		fmt.Fprintln(p.err, err)
		return 2
	}
	fmt.Fprintln(p.err, "smsir:", err)
	return 1
}

// settingFlags are the flags of all settings, made from their descriptions.
type settingFlags struct {
	File     string       `name:"config" short:"c" placeholder:"FILE" help:"Configuration file (YAML); \"smsir config sample\" writes one. Also SMSIR_CONFIG."`
	Settings kong.Plugins `embed:""`
}

func newSettingFlags() settingFlags {
	var fields []reflect.StructField
	for i, o := range config.Options() {
		kind, placeholder := reflect.TypeFor[*string](), strings.ToUpper(o.Flag()[strings.LastIndex(o.Flag(), "-")+1:])
		help := o.Doc
		if o.Default != "" {
			help += " Default: " + o.Default + "."
		}
		tag := fmt.Sprintf(`name:%q help:%q placeholder:%q`, o.Flag(), help, placeholder)
		if o.Bool {
			kind = reflect.TypeFor[*bool]()
			tag = fmt.Sprintf(`name:%q help:%q`, o.Flag(), o.Doc)
		}
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: kind, Tag: reflect.StructTag(tag)})
	}
	return settingFlags{Settings: kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}}
}

// load gathers the settings from file, environment and flags.
func (f *settingFlags) load(p process) (*config.Loaded, error) {
	in := config.Input{File: f.File, Getenv: p.getenv, Overrides: map[string]string{}}
	if in.File == "" {
		in.File = p.getenv("SMSIR_CONFIG")
	}
	values := reflect.ValueOf(f.Settings[0]).Elem()
	for i, o := range config.Options() {
		v := values.Field(i)
		if v.IsNil() {
			continue
		}
		in.Overrides[o.Key] = fmt.Sprint(v.Elem().Interface())
	}
	l, err := config.Load(in)
	if err != nil {
		return nil, err
	}
	for _, problem := range config.UnknownEnv(p.environ, "SMSIR_CONFIG", "SMSIR_REQUIRE", "SMSIR_PROVIDER_SPECS") {
		fmt.Fprintln(p.err, "smsir: warning:", problem)
	}
	return l, nil
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p process) error {
	_, err := fmt.Fprintln(p.out, "smsir", version)
	return err
}

type configCommand struct {
	Sample configSampleCommand `cmd:"" help:"Write a configuration file with every setting, its meaning and its default."`
	Check  configCheckCommand  `cmd:"" help:"Show every setting with where it comes from, or what is wrong with it."`
}

type configSampleCommand struct{}

// Run writes the sample.
func (configSampleCommand) Run(p process) error {
	_, err := io.WriteString(p.out, config.Sample())
	return err
}

type configCheckCommand struct{ settingFlags }

// Run shows what would be in force.
func (c *configCheckCommand) Run(p process) error {
	l, err := c.load(p)
	if err != nil {
		return err
	}
	for _, v := range l.Values() {
		if _, err := fmt.Fprintf(p.out, "%-28s %-32s %s\n", v.Key, v.Text, v.Source); err != nil {
			return err
		}
	}
	return nil
}
