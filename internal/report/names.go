package report

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/network"
	"github.com/smsir/smsir/internal/store"
)

// Names are what people call the values of a dimension, by value; those without a name are missing.
func (s *Service) Names(ctx context.Context, workspace smsir.UUID, d store.Dimension, values []string) (map[string]string, error) {
	if d == store.ByNetwork {
		return networkNames(values), nil
	}
	prefixes := map[store.Dimension][]string{
		store.ByProvider: {smsir.PrefixProvider}, store.ByTemplate: {smsir.PrefixTemplate}, store.ByCampaign: {smsir.PrefixCampaign},
		store.ByPerson: {smsir.PrefixUser, smsir.PrefixKey, smsir.PrefixSMPP},
	}[d]
	byID := map[smsir.UUID]string{}
	var ids []smsir.UUID
	for _, v := range values {
		for _, p := range prefixes {
			if id, err := smsir.ParseUUID(p, v); err == nil {
				byID[id] = v
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.opt.Store.ReportNames(ctx, workspace, d, ids)
	names := make(map[string]string, len(found))
	for id, name := range found {
		names[byID[id]] = name
	}
	return names, err
}

func networkNames(codes []string) map[string]string {
	names := map[string]string{}
	for _, code := range codes {
		if name := network.Name(code); name != "" {
			names[code] = name
		}
	}
	return names
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// SetWeekly stores whether a workspace wants a summary of every week.
func (s *Service) SetWeekly(ctx context.Context, workspace smsir.UUID, wanted bool, by By) error {
	word := "off"
	if wanted {
		word = "on"
	}
	return s.opt.Store.WantWeekly(ctx, workspace, wanted, store.AuditEntry{
		At: s.now().UTC().Truncate(time.Millisecond), Workspace: workspace, Actor: by.Actor, IP: by.IP, Action: "reports.weekly", Detail: "summary of every week " + word,
	})
}
