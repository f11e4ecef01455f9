// Command judge has the oracle look at a gateway that has stopped: go run ./bench/judge FOLDER.
//
// FOLDER is a data folder (smsir.db, simulator.log), or one that holds a folder "data" and beside it what clients wrote
// down: client.log, stream.log, and the ledgers of carriers outside the gateway: carrier*.log. It prints which invariants of docs/delivery.md hold, and returns 0 if all do, 1 if one
// does not, 2 if the evidence cannot be read. It changes nothing.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/smsir/smsir/bench/oracle"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) //nolint:forbidigo // the one place that exits
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(errOut, "usage: go run ./bench/judge FOLDER")
		return 2
	}
	r, err := oracle.Judge(ctx, evidence(args[0]))
	if err != nil {
		fmt.Fprintln(errOut, "judge:", err)
		return 2
	}
	if _, err := r.WriteTo(out); err != nil {
		return 2
	}
	if !r.OK() {
		return 1
	}
	return 0
}

// evidence finds the files of a folder. Without the ledgers of clients, what needs them is not judged.
func evidence(folder string) oracle.Evidence {
	there := func(name string) string {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err != nil {
			return ""
		}
		return path
	}
	e := oracle.Evidence{Database: there("data/smsir.db"), Simulator: there("data/simulator.log"), Client: there("client.log"), Stream: there("stream.log")}
	if e.Database == "" {
		e.Database, e.Simulator = filepath.Join(folder, "smsir.db"), filepath.Join(folder, "simulator.log")
	}
	e.Carriers, _ = filepath.Glob(filepath.Join(folder, "carrier*.log")) // the pattern is sound
	return e
}
