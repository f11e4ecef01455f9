package httpd

import (
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/sheet"
)

// work does the steps of imports that are due.
func (g *gate) work() {
	g.t.Helper()
	im := audience.NewImporter(g.store, nil, nil)
	now := time.Now().Add(time.Minute)
	jobs, err := g.store.LeaseJobs(g.t.Context(), []string{audience.JobReview, audience.JobCommit, audience.JobUndo}, now, now.Add(time.Minute), 10)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, j := range jobs {
		if err := im.Run(g.t.Context(), j.Kind, j.Payload); err != nil {
			g.t.Fatal(err)
		}
		if err := g.store.FinishJob(g.t.Context(), j.ID, j.Lease); err != nil {
			g.t.Fatal(err)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	csv := map[string]string{"Content-Type": "text/csv; charset=utf-8"}
	ask := func(method, path, body string, status int, into any) {
		t.Helper()
		g.ok(request{method: method, path: path, as: owner.token, body: body}, status, into)
	}
	var group api.Group
	ask("POST", "/v1/groups", `{"name":"Parents"}`, 201, &group)
	var im api.Import
	g.ok(request{
		method: "POST", path: "/v1/imports?name=..%2F..%2Fx.csv", as: owner.token, header: csv,
		body: "Name,Mobile,Fee\nAda,(202) 555-0100,1\nEve,=HYPERLINK(1),2\nBob,2025550100,3\nKim,+12025550102,4\n",
	}, 201, &im)
	if im.Name != "../../x.csv" || im.State != "uploaded" || im.Rows != 4 || len(im.Columns) != 3 || im.Columns[1].Is != "phone" || im.Columns[1].Letter != "B" || im.Columns[1].Name != "Mobile" || len(im.Columns[2].Samples) != 4 {
		t.Errorf("uploaded: %+v", im)
	}
	path := "/v1/imports/" + im.ID
	ask("PUT", path+"/mapping", `{"header":true,"columns":["name","phone",""]}`, 200, &im)
	if im.State != "reviewing" || im.Done == 100 {
		t.Errorf("reviewing: %+v", im)
	}
	g.work()
	ask("GET", path, "", 200, &im)
	if im.State != "reviewed" || im.Counts.New != 2 || im.Counts.Bad != 1 || im.Counts.Duplicate != 1 || im.Done != 100 {
		t.Errorf("reviewed: %+v", im)
	}
	var rows api.ImportRows
	ask("GET", path+"/rows?state=bad", "", 200, &rows)
	if len(rows.Items) != 1 || rows.Items[0].Row != 3 || rows.Items[0].Column != "Mobile" || rows.Items[0].Cells[1] != "=HYPERLINK(1)" {
		t.Errorf("bad rows: %+v", rows)
	}
	seen := 0
	for cursor := ""; ; cursor = rows.Next {
		rows = api.ImportRows{}
		ask("GET", path+"/rows?limit=3&cursor="+cursor, "", 200, &rows)
		if seen += len(rows.Items); rows.Next == "" {
			break
		}
	}
	if seen != 4 {
		t.Errorf("%d rows by pages, want 4", seen)
	}
	file := g.ok(request{method: "GET", path: path + "/rejects", as: owner.token}, 200, nil)
	want := "\ufeffrow,reason,Name,Mobile,Fee\r\n3,Mobile: "
	if text := string(file.body); !strings.HasPrefix(text, want) || !strings.Contains(text, ",Eve,'=HYPERLINK(1),2\r\n4,Row 2 has the number +12025550100") {
		t.Errorf("rejects: %q", text)
	}
	ask("POST", path+"/commit", `{"groups":["`+group.ID+`"]}`, 200, &im)
	g.work()
	ask("GET", path, "", 200, &im)
	if im.State != "committed" || im.Counts.Created != 2 || len(im.Groups) != 1 {
		t.Errorf("committed: %+v", im)
	}
	var list api.ContactList
	ask("GET", "/v1/contacts?group="+group.ID, "", 200, &list)
	if len(list.Items) != 2 || list.Items[0].Name != "Ada" || list.Items[1].Name != "Kim" {
		t.Errorf("contacts: %+v", list.Items)
	}
	g.refused(request{method: "PUT", path: path + "/mapping", as: owner.token, body: `{"header":true,"columns":["name","phone",""]}`}, 409, smsir.CodeConflict)
	ask("POST", path+"/undo", "", 200, &im)
	g.work()
	ask("GET", path, "", 200, &im)
	if im.State != "undone" || im.Counts.Undone != 2 {
		t.Errorf("undone: %+v", im)
	}
	var all api.ImportList
	ask("GET", "/v1/imports", "", 200, &all)
	ask("DELETE", path, "", 204, nil)
	g.refused(request{method: "GET", path: path, as: owner.token}, 404, smsir.CodeNotFound)
	if len(all.Items) != 1 {
		t.Errorf("list: %+v", all)
	}
}

func TestFilesThatAreNoTables(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	send := func(kind, body string, status int, code smsir.Code) {
		t.Helper()
		g.refused(request{method: "POST", path: "/v1/imports", as: owner.token, body: body, header: map[string]string{"Content-Type": kind}}, status, code)
	}
	send("text/csv", "name,phone\n", 422, smsir.CodeInvalid)
	send("text/csv", "a,\"b\n", 422, smsir.CodeInvalid)
	send(sheet.XLSX, "PK\x03\x04", 422, smsir.CodeInvalid)
	send("application/json", "{}", 415, api.CodeMediaType)
	send("text/csv", strings.Repeat("phone,name,town,street\n", 1<<20), 413, api.CodeTooLarge)
	var all api.ImportList
	g.ok(request{method: "GET", path: "/v1/imports", as: owner.token}, 200, &all)
	if len(all.Items) != 0 {
		t.Errorf("refused files left %+v", all)
	}
}
