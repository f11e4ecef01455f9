package main

import (
	"context"
	"fmt"
)

// figure is a line of the table of docs/reliability.md: how much of a scenario it takes.
type figure struct {
	name string
	what string // is counted; unit of it are one of the scenario's
	unit int
	scenario
	nightly, release int // of the scenario
}

// tiers are the columns of the table.
func tiers() []string { return []string{"nightly", "release"} }

// table is what is asked, cheapest first.
func table() []figure {
	of := func(pkg, test, amount string) scenario { return scenario{pkg: pkg, test: test, amount: amount} }
	return []figure{
		{"F6", "sequences of evidence", 1, of(".", "TestNoSequenceOfEvidenceBreaksTheContract", cases), 200_000, 2_000_000},
		{"F21", "messages due in one second", 1000, of("e2e", "TestHerd", size), 10, 10},
		{"F14", "cancel races", 400, of("e2e", "TestCancelRaces", size), 25, 250},
		{"F10", "disks that fill up", 1, of("e2e", "TestDiskFull", size), 20, 100},
		{"F4", "images of power cuts", 25, of("e2e", "TestPowerCuts", size), 20, 200},
		{"F15", "keys in storms of 16", 100, of("e2e", "TestStorms", size), 100, 1000},
		{"F25", "messages before a password", 2000, of("e2e", "TestBacklogOfAnother", size), 50, 50},
		{"F9", "messages queued at a restart", 1000, of("e2e", "TestRestartWithBacklog", size), 1000, 1000},
		{"F21", "messages for a provider that returns", 1000, of("e2e", "TestBacklogReleased", size), 100, 100},
		{"F13", "messages with reports in any order", 400, of("e2e", "TestReceiptsInAnyOrder", size), 125, 1250},
		{"F2", "kills at each place", 1, of("e2e", "TestFailpoints", rounds), 5, 20},
		{"F2", "kills at each place, PostgreSQL", 1, of("e2e", "TestFailpointsOnPostgres", rounds), 5, 20},
		{"F3", "kills, PostgreSQL's own too", 1, of("e2e", "TestCrashOnPostgres", kills), 100, 500},
		{"F1", "kills", 1, of("e2e", "TestCrash", kills), 300, 2000},
		{"F12", "schedules of bad networks, two nodes", 2, of("e2e", "TestNodePartitions", size), 25, 250},
		{"F11", "times without a database", 2, of("e2e", "TestDatabaseDown", size), 10, 50},
		{"F5", "simulated lives", 1, of("bench/sim", "TestSim", seeds), 60_000, 500_000},
	}
}

// figures plays what a tier asks for, one after the other: times are judged too.
func (c *chaos) figures(ctx context.Context, tier string, wanted func(test string) bool) {
	for _, f := range table() {
		n := f.nightly
		if tier == "release" {
			n = f.release
		}
		if ctx.Err() != nil || !wanted(f.test) {
			continue
		}
		fmt.Fprintf(c.out, "%s: %d %s\n", f.name, n*f.unit, f.what)
		c.play(ctx, f.scenario, n, f.test, "SMSIR_FIGURES=1")
	}
}
