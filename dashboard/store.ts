// A value that pages show and that changes by itself.
import {useEffect, useState} from 'preact/hooks';

export interface Store<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

export function store<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      [...listeners].forEach((listener) => listener());
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

// The store's value; whoever uses it is drawn again when it changes.
export function useStore<T>(of: Store<T>): T {
  const [, draw] = useState({});
  useEffect(() => {
    draw({});  // it may have changed before anybody listened
    return of.subscribe(() => draw({}));
  }, [of]);
  return of.get();
}
