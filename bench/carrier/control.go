package carrier

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// control adds the addresses by which a test changes and watches the carrier:
//
//	GET, PUT /control/faults      a JSON list of faults in their text form
//	PUT      /control/callbacks   a JSON object: face to address
//	GET      /control/stats       what it has seen
func (c *Carrier) control() {
	c.mux.HandleFunc("GET /control/faults", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		texts := make([]string, len(c.faults))
		for i, f := range c.faults {
			texts[i] = f.String()
		}
		c.mu.Unlock()
		answerJSON(w, texts)
	})
	c.mux.HandleFunc("PUT /control/faults", func(w http.ResponseWriter, r *http.Request) {
		var texts []string
		if !readJSON(w, r, &texts) {
			return
		}
		faults, err := ParseFaults(texts)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		c.SetFaults(faults)
		w.WriteHeader(http.StatusNoContent)
	})
	c.mux.HandleFunc("PUT /control/callbacks", func(w http.ResponseWriter, r *http.Request) {
		var addresses map[string]string
		if !readJSON(w, r, &addresses) {
			return
		}
		for face, address := range addresses {
			c.SetCallback(face, address)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	c.mux.HandleFunc("GET /control/stats", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]int64{
			"submissions": c.stats.submissions.Load(), "taken": c.stats.taken.Load(), "reports": c.stats.reports.Load(),
			"acks": c.stats.acks.Load(), "owed": c.stats.owed.Load(),
		})
	})
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(v); err != nil {
		http.Error(w, fmt.Sprintf("the body cannot be read: %v", err), http.StatusBadRequest)
		return false
	}
	return true
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
