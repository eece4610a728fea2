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
  {path: '/appointments', title: 'appointments.title', role: 'service_tech', icon: 'calendar', load: () => import('./pages/appointments.tsx')},
  {path: '/customers', title: 'customers.title', role: 'staff', icon: 'people', load: () => import('./pages/customers.tsx')},
  {path: '/customers/:id', title: 'customers.title', role: 'staff', load: () => import('./pages/customer.tsx')},
  {path: '/knowledge', title: 'knowledge.title', role: 'staff', icon: 'book', load: () => import('./pages/knowledge.tsx')},
  {path: '/analytics', title: 'analytics.title', role: 'manager', icon: 'chart', load: () => import('./pages/analytics.tsx')},
  {path: '/settings', title: 'settings.title', role: 'manager', icon: 'settings', load: () => import('./pages/settings.tsx')},
  {path: '/voice-settings', title: 'voice.title', role: 'manager', icon: 'voice', load: () => import('./pages/voice.tsx')},
  {path: '/team', title: 'team.title', role: 'admin', icon: 'team', load: () => import('./pages/team.tsx')},
  {path: '/admin/upgrade', title: 'plan.title', role: 'admin', icon: 'star', load: () => import('./pages/plan.tsx')},
  {path: '/signup', title: 'signup.title', role: null, load: () => import('./pages/signup.tsx')},
];

// Where who has just signed in begins.
export const homeOf = (role: Role) => (role === 'service_tech' ? '/appointments' : '/dashboard');
