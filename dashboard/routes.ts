/*
 * The pages: where each is, who may see it, and whether it stands in the navigation. nginx has the
 * same paths (conf/locations/pages.conf). A page is a module of pages/ that is loaded when it is
 * first shown; its default export gets what its path names.
 */
import type {ComponentType} from 'preact';

import type {IconName} from './components/icon.tsx';
import type {Role} from './session.ts';
import type {Key} from './texts/index.ts';

export interface Route {
  path: string;
  title: Key;
  role: Role | null;  // the least; null: nobody needs to be signed in
  load: () => Promise<{default: ComponentType<any>}>;
  icon?: IconName;    // in the navigation
}

export const ROUTES: Route[] = [
  {path: '/dashboard', title: 'dashboard.title', role: 'staff', icon: 'home', load: () => import('./pages/dashboard.tsx')},
  {path: '/calls', title: 'calls.title', role: 'staff', icon: 'phone', load: () => import('./pages/calls.tsx')},
  {path: '/calls/:id', title: 'call.title', role: 'staff', load: () => import('./pages/call.tsx')},
];

// Where who has just signed in begins.
export const homeOf = (role: Role) => (role === 'service_tech' ? '/appointments' : '/dashboard');
