// What is on the screen: the page that the address names, in its frame, or the form to sign in with.
import type {ComponentType} from 'preact';
import {useEffect, useState} from 'preact/hooks';

import {Toasts} from './components/index.ts';
import {Frame} from './frame.tsx';
import {watchShop} from './live.ts';
import {askedFor, watchCalls} from './notifications.ts';
import {Login} from './pages/login.tsx';
import {NotFound, Unavailable} from './pages/missing.tsx';
import {address, go, match} from './router.ts';
import {homeOf, type Route, ROUTES} from './routes.ts';
import {may, user} from './session.ts';
import {useStore} from './store.ts';
import {language} from './texts/index.ts';

interface Found {
  route: Route;
  params: Record<string, string>;
}

function find(path: string): Found | null {
  for (const route of ROUTES) {
    const params = match(route.path, path);
    if (params) return {route, params};
  }
  return null;
}

// A new version of the pages has other files: the document that names them is read again, once.
async function loaded(route: Route): Promise<ComponentType<any>> {
  try {
    const {default: page} = await route.load();
    sessionStorage.removeItem('va.reloaded');
    return page;
  } catch (e) {
    if (!sessionStorage.getItem('va.reloaded')) {
      sessionStorage.setItem('va.reloaded', '1');
      location.reload();
      return () => null;
    }
    throw e;
  }
}

function Content({found}: {found: Found}) {
  const [page, setPage] = useState<{of: Route; show: ComponentType<any>} | null>(null);
  const [failed, setFailed] = useState(false);
  const {route, params} = found;
  useEffect(() => {
    let gone = false;
    setFailed(false);
    loaded(route).then((show) => gone || setPage({of: route, show}), () => gone || setFailed(true));
    return () => {
      gone = true;
    };
  }, [route]);
  useEffect(() => {
    document.querySelector<HTMLElement>('main h1')?.focus({preventScroll: true});
  }, [page, params.id]);
  if (failed) return <Unavailable />;
  return page?.of === route ? <page.show key={JSON.stringify(params)} {...params} /> : null;
}

export function App() {
  const who = useStore(user);
  const path = new URL(useStore(address), location.origin).pathname;
  useStore(language);

  const home = who && path === '/' ? homeOf(who.role) : null;
  useEffect(() => {
    if (home) go(home, {replace: true});
  }, [home]);
  const watches = may(who, 'staff');
  useEffect(() => (watches ? watchShop() : undefined), [watches, who?.organization_id]);
  useEffect(() => (watches ? watchCalls() : undefined), [watches, askedFor.get()]);

  const found = find(path);
  if (found?.route.role === null) return <><Content found={found} /><Toasts /></>;
  if (!who) return <><Login /><Toasts /></>;
  if (home) return null;
  const seen = found && may(who, found.route.role!);
  return (
    <>
      <Frame key={`${who.organization_id} ${who.id}`} who={who} path={path}>{seen ? <Content found={found} /> : <NotFound />}</Frame>
      <Toasts />
    </>
  );
}
