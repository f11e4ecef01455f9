// Command serve runs the carrier of package carrier as a process: go run ./bench/carrier/serve -ledger carrier.log.
//
// It prints the address of each face, takes faults (-fault, many times; -faults lists them) and changes them on
// PUT /control/faults. It ends in order on SIGINT or SIGTERM, and on kill -9 with its ledger intact.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/smsir/smsir/bench/carrier"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code) //nolint:forbidigo // the one place that exits
}

// list is a flag that may come several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var faults, callbacks list
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.SetOutput(errOut)
	listen := f.String("listen", "127.0.0.1:0", "`address` to listen on")
	ledger := f.String("ledger", "carrier.log", "`file` of the ledger")
	seed := f.Uint64("seed", 1, "decides every random choice")
	secret := f.String("secret", os.Getenv("CARRIER_SECRET"), "signs reports; also CARRIER_SECRET")
	names := f.Bool("faults", false, "list the names of faults and end")
	f.Var(&faults, "fault", "`NAME[:ARGUMENT]@p=0.01 or @to=+44…`; may come several times")
	f.Var(&callbacks, "callback", "`FACE=ADDRESS` for reports of a face whose submissions name none; may come several times")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if *names {
		fmt.Fprintln(out, strings.Join(carrier.Names(), "\n"))
		return 0
	}
	opt := carrier.Options{Seed: *seed, Secret: *secret, Callbacks: map[string]string{}}
	var err error
	if opt.Faults, err = carrier.ParseFaults(faults); err != nil {
		fmt.Fprintln(errOut, "carrier:", err)
		return 2
	}
	for _, c := range callbacks {
		face, address, ok := strings.Cut(c, "=")
		if !ok {
			fmt.Fprintf(errOut, "carrier: callback %q: say FACE=ADDRESS\n", c)
			return 2
		}
		opt.Callbacks[face] = address
	}
	if err := serve(ctx, *listen, *ledger, opt, out); err != nil {
		fmt.Fprintln(errOut, "carrier:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, listen, ledger string, opt carrier.Options, out io.Writer) error {
	c, err := carrier.Open(ledger, opt)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	server := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	fmt.Fprintf(out, "Carrier http://%s (%s, %s, %s, %s), ledger %s\n", l.Addr(), carrier.Twilio, carrier.Vonage, carrier.AfricasTalking, carrier.Generic, ledger)
	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if shutdown := server.Shutdown(grace); shutdown != nil {
		_ = server.Close()
	}
	return errors.Join(err, c.Close())
}
