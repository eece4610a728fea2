import type {ComponentChildren} from 'preact';
import {useState} from 'preact/hooks';

import {Icon, type IconName} from './icon.tsx';
import {toastError} from './toast.tsx';

export interface ButtonProps {
  children: ComponentChildren;
  kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  icon?: IconName;
  type?: 'button' | 'submit';
  disabled?: boolean;
  busy?: boolean;
  onClick?: () => unknown;  // a promise: the button waits for it, and tells what went wrong
  label?: string;           // where what it shows is no word
  class?: string;
}

export function Button({children, kind = 'plain', icon, type = 'button', disabled, busy, onClick, label, ...more}: ButtonProps) {
  const [waits, setWaits] = useState(false);
  const working = busy || waits;
  async function click() {
    if (working || !onClick) return;
    setWaits(true);
    try {
      await onClick();
    } catch (e) {
      toastError(e);
    } finally {
      setWaits(false);
    }
  }
  return (
    <button type={type} class={`button ${kind} ${more.class ?? ''}`} disabled={disabled} aria-busy={working}
        aria-disabled={working} aria-label={label} title={label} onClick={click}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
