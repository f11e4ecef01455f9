package main

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/smppd"
)

// smppDoor joins the accounts of the SMPP server and their sessions, for the API.
type smppDoor struct {
	*account.SMPP
	*smppd.Server
}

// openSMPP makes the SMPP server. It listens when there is an account for it.
func (g *gateway) openSMPP() (err error) {
	g.smpp.SMPP = g.accounts.SMPP(g.store, func() { g.smpp.Changed() })
	g.smpp.Server, err = smppd.New(smppd.Options{
		Accounts: g.smpp.SMPP, Store: g.store, Accept: g.accepter, Log: g.o.Log, Metrics: g.metrics, Grace: g.s.ShutdownGrace, Dir: g.s.DataDir,
		Listen: g.s.SMPP.Listen, PlainListen: g.s.SMPP.PlainListen, PlainNetworks: g.s.SMPP.PlainNetworks, CertFile: g.s.SMPP.TLSCert, KeyFile: g.s.SMPP.TLSKey,
	})
	return err
}

// connected is an enabled provider that holds connections, nil for any other.
func (g *gateway) connected(id smsir.UUID) smsir.Connected {
	p, ok := g.dispatcher.Provider(id)
	if !ok {
		return nil
	}
	held, _ := p.(smsir.Connected)
	return held
}
