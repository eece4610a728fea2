// Nothing of that name, or nothing for this person: the two look alike.
import {Empty, Page} from '../components/index.ts';
import {t} from '../texts/index.ts';

export const NotFound = () => (
  <Page title={t('missing.title')}>
    <Empty icon="search" title={t('missing.nothing')}><a href="/">{t('missing.home')}</a></Empty>
  </Page>
);

export const Unavailable = () => (
  <Page title={t('missing.unavailable')}>
    <Empty icon="alert" title={t('error.network')}><a href="/">{t('missing.home')}</a></Empty>
  </Page>
);
