// A table that is a list of cards where the screen is narrow.
import type {ComponentChildren} from 'preact';

import type {Pages} from '../api.ts';
import {t} from '../texts/index.ts';
import {Button} from './button.tsx';
import {Failure, Loading} from './page.tsx';

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  class?: string;  // number: at the right; main: what the row is called by
}

export function Table<T extends {id: string}>({label, columns, rows, href}: {
  label: string;
  columns: Column<T>[];
  rows: T[];
  href?: (row: T) => string;  // the first column leads there
}) {
  return (
    <table class="table">
      <caption class="unseen">{label}</caption>
      <thead>
        <tr>{columns.map((c) => <th key={c.name} scope="col" class={c.class}>{c.name}</th>)}</tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} class={href ? 'linked' : undefined}>
            {columns.map((c, i) => (
              <td key={c.name} data-name={c.name} class={c.class}>
                {href && i === 0 ? <a href={href(row)}>{c.cell(row)}</a> : c.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// Behind a list: what it waits for, what went wrong, and its next page.
export function More({list}: {list: Pages<any>}) {
  if (list.error) return <Failure error={list.error} retry={list.items.length ? list.next : list.reload} />;
  if (list.loading) return <Loading />;
  return list.more ? <div class="more"><Button onClick={list.next}>{t('common.more')}</Button></div> : null;
}
