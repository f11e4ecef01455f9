-- +goose Up
-- The mobile network of the recipient as a provider reported it: MCC and MNC, 5 or 6 digits; empty: none did.
ALTER TABLE messages ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN network TEXT NOT NULL DEFAULT '';
