package api

import "time"

// Price is what a workspace pays for one segment to a destination, from a moment on.
type Price struct {
	Destination string    `json:"destination" doc:"The beginning of numbers, a country (ISO 3166-1 alpha-2), or * for every other. The longest beginning counts, then the country, then *." example:"+25470"`
	Price       string    `json:"price" doc:"Of one segment, a decimal number; empty where it was taken from the list." example:"0.80"`
	ValidFrom   time.Time `json:"valid_from" doc:"From this moment on, until the next one of the destination."`
	State       string    `json:"state" enum:"current,coming,over" doc:"current: it counts now."`
}

// PriceList is what segments cost a workspace.
type PriceList struct {
	Currency string  `json:"currency,omitempty" doc:"Of all prices, ISO 4217; left out while there are none." example:"KES"`
	Items    []Price `json:"items" nullable:"false" doc:"By destination, of each the newest first."`
}

// PriceChange adds prices to a list.
type PriceChange struct {
	Currency string       `json:"currency,omitempty" maxLength:"3" doc:"Of the prices; needed for the first ones, and always that of the list." example:"KES"`
	Prices   []PriceDraft `json:"prices" nullable:"false" minItems:"1" maxItems:"1000" doc:"The prices."`
}

// PriceDraft is a price to be added.
type PriceDraft struct {
	Destination string `json:"destination" minLength:"1" maxLength:"20" doc:"The beginning of numbers, a country, or *." example:"KE"`
	Price       string `json:"price" maxLength:"20" doc:"Of one segment, a decimal number; empty takes the destination from the list." example:"0.80"`
	ValidFrom   string `json:"valid_from,omitempty" maxLength:"40" doc:"A date in the workspace's time zone, or a moment, ahead; left out for now." example:"2026-12-01"`
}

// PriceImport is what came of a table of prices.
type PriceImport struct {
	Stored    bool       `json:"stored" doc:"False when a row was bad: then nothing was stored."`
	Added     int        `json:"added" doc:"Prices that were added, the ends of others included."`
	Unchanged int        `json:"unchanged" doc:"Rows that say what the list said already."`
	Ended     int        `json:"ended" doc:"Destinations that were taken from the list, because the table is whole and lacks them."`
	Bad       []PriceRow `json:"bad" nullable:"false" doc:"Every row that cannot be taken."`
}

// PriceRow is a bad row of a table.
type PriceRow struct {
	Row    int    `json:"row" doc:"Its number in the file, from 1."`
	Column string `json:"column" doc:"The column concerned." example:"price"`
	Text   string `json:"text" doc:"What is wrong, and how to put it right."`
}
