package api

import "time"

// Import is a table of contacts on its way in.
type Import struct {
	ID      string         `json:"id" example:"imp_01k0c2v6sf7m8x0v3w6n9d5qhe" doc:"Identifier."`
	Name    string         `json:"name" doc:"Of the file, as it was given." example:"parents.csv"`
	State   string         `json:"state" enum:"uploaded,reviewing,reviewed,committing,committed,undoing,undone,failed" doc:"\"uploaded\" waits for the mapping, \"reviewed\" for the commit; those that end in -ing are at work."`
	Rows    int            `json:"rows" doc:"Rows of the file that are not empty, without the one that names the columns."`
	Done    int            `json:"done" doc:"How much of the step under way is done, in per cent."`
	Header  bool           `json:"header" doc:"The first row names the columns."`
	Columns []ImportColumn `json:"columns" nullable:"false" doc:"The columns, with what they are."`
	Groups  []string       `json:"groups" nullable:"false" doc:"The groups that the contacts were put into."`
	Counts  ImportCounts   `json:"counts" doc:"What becomes of the rows."`
	Problem string         `json:"problem,omitempty" doc:"Why it failed."`

	CreatedAt time.Time `json:"created_at" doc:"When it came in."`
	UpdatedAt time.Time `json:"updated_at" doc:"When it was changed last."`
}

// ImportColumn is a column of an import.
type ImportColumn struct {
	Letter  string   `json:"letter" doc:"As spreadsheets name it." example:"A"`
	Name    string   `json:"name" doc:"What the first row says." example:"Phone number"`
	Is      string   `json:"is" doc:"phone, name, first_name, last_name, language, notes, opt_out, \"field.\" and the key of a field, or \"\" for a column that is left out. Before the first mapping, a guess." example:"phone"`
	Samples []string `json:"samples" nullable:"false" doc:"Some of what stands in it."`
}

// ImportCounts says what becomes of the rows of an import.
type ImportCounts struct {
	New       int `json:"new" doc:"Rows whose number has no contact yet."`
	Changed   int `json:"changed" doc:"Rows whose number has a contact, which gets what the row says."`
	Duplicate int `json:"duplicate" doc:"Rows whose number a row above has; they are passed over."`
	Bad       int `json:"bad" doc:"Rows that cannot be brought in."`
	OptedOut  int `json:"opted_out" doc:"Of the new and changed ones, those that must not be written to."`
	Created   int `json:"created" doc:"Contacts that were made."`
	Updated   int `json:"updated" doc:"Contacts that were changed."`
	Undone    int `json:"undone" doc:"Contacts that were taken back."`
	Kept      int `json:"kept" doc:"Contacts that were changed since and therefore not taken back."`
}

// ImportList is the body of GET /v1/imports.
type ImportList struct {
	Items []Import `json:"items" nullable:"false" doc:"The newest first, at most 50. An import is forgotten after 30 days; its contacts stay."`
}

// ImportMapping is the body of PUT /v1/imports/{id}/mapping.
type ImportMapping struct {
	Header  bool     `json:"header" doc:"The first row names the columns and is no contact."`
	Columns []string `json:"columns" nullable:"false" minItems:"1" maxItems:"200" maxLength:"60" doc:"What each column is, see ImportColumn.is. One of them is \"phone\"." example:"[\"name\",\"phone\"]"`
}

// ImportCommit is the body of POST /v1/imports/{id}/commit.
type ImportCommit struct {
	Groups []string `json:"groups,omitempty" nullable:"false" maxItems:"20" maxLength:"40" doc:"Groups that the contacts are put into."`
}

// ImportRow is a row of an import.
type ImportRow struct {
	Row      int               `json:"row" doc:"Its number in the spreadsheet, from 1."`
	State    string            `json:"state" enum:"waiting,new,changed,duplicate,bad" doc:"Where it stands."`
	OptedOut bool              `json:"opted_out,omitempty" doc:"Must not be written to."`
	Phone    string            `json:"phone,omitempty" doc:"The number, E.164."`
	Code     string            `json:"code,omitempty" enum:"phone_missing,phone_invalid,phone_overlong,phone_empty,phone_plus_inside,phone_no_digits,phone_extension,phone_rounded,phone_several,phone_email,phone_service_code,phone_letters,phone_sign,phone_no_country,phone_unknown_prefix,phone_region,phone_abroad,phone_other_length,phone_no_beginning,phone_too_short,phone_too_long,value_invalid,value_too_long,value_control,value_no_language,value_no_number,value_no_day,value_field_gone,opt_out_unclear,duplicate" doc:"What is wrong, stable."`
	Params   map[string]string `json:"params,omitempty" doc:"What the words of the code speak of: value, field, prefix (of a country), digit, char, n, max, row, phone."`
	Column   string            `json:"column,omitempty" doc:"Where." example:"Phone number"`
	Detail   string            `json:"detail,omitempty" doc:"What is wrong, in plain English."`
	Cells    []string          `json:"cells" nullable:"false" doc:"As they stand in the file."`
}

// ImportRows is a page of rows.
type ImportRows struct {
	Items []ImportRow `json:"items" nullable:"false" doc:"In the order of the file."`
	Next  string      `json:"next,omitempty" doc:"Cursor of the next page."`
}
