// Tabs as the ARIA practices describe them: arrows go from one to the next.
import type {ComponentChildren} from 'preact';
import {useId, useRef} from 'preact/hooks';

export function Tabs({label, tabs, value, onChange}: {
  label: string;
  tabs: {id: string; name: string; content: () => ComponentChildren}[];
  value: string;
  onChange: (id: string) => void;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const at = Math.max(0, tabs.findIndex((tab) => tab.id === value));
  function key(e: KeyboardEvent) {
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1}[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    onChange(tabs[next]!.id);
    (list.current!.children[next] as HTMLElement).focus();
  }
  return (
    <div class="tabs">
      <div ref={list} role="tablist" aria-label={label} onKeyDown={key}>
        {tabs.map((tab, i) => (
          <button key={tab.id} type="button" role="tab" id={`${id}-${tab.id}`} aria-selected={i === at}
              aria-controls={`${id}-panel`} tabIndex={i === at ? 0 : -1} onClick={() => onChange(tab.id)}>
            {tab.name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tabs[at]!.id}`} tabIndex={0}>
        {tabs[at]!.content()}
      </div>
    </div>
  );
}
