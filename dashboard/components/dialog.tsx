// The browser's own modal dialog: it keeps the focus, closes with Escape, and gives the focus back.
import type {ComponentChildren} from 'preact';
import {useEffect, useId, useRef} from 'preact/hooks';

import {t} from '../texts/index.ts';
import {Button} from './button.tsx';
import {Icon} from './icon.tsx';

export function Dialog({title, onClose, children}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    ref.current!.showModal();
    return () => opener?.focus?.();
  }, []);
  return (
    <dialog ref={ref} class="dialog" aria-labelledby={id} onClose={onClose}
        onClick={(e) => e.target === ref.current && ref.current?.close()}>
      <div class="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="button quiet" aria-label={t('common.close')} onClick={() => ref.current?.close()}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

// Asks before what cannot be taken back.
export function Confirm({title, children, action, danger, onConfirm, onClose}: {
  title: string;
  children: ComponentChildren;
  action: string;
  danger?: boolean;
  onConfirm: () => unknown;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <footer>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button kind={danger ? 'danger' : 'primary'} onClick={async () => {
          await onConfirm();
          onClose();
        }}>{action}</Button>
      </footer>
    </Dialog>
  );
}
