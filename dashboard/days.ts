// Dates alone, 2026-11-30, without a clock: a day is a day, whatever the clocks do in it.
const DAY_MS = 86_400_000;

export const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

export const addDays = (date: string, days: number) =>
    new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
