// What pages are built of.
export {Badge, Card, Empty, Failure, Loading, Page, Stat} from './page.tsx';
export {type Bar, Bars} from './bars.tsx';
export {Button, type ButtonProps} from './button.tsx';
export {Confirm, Dialog} from './dialog.tsx';
export {DraftForm, RowsEditor} from './draft.tsx';
export {Field, NumberField, SearchField, Select, Switch, TextArea, TextField} from './field.tsx';
export {Icon, type IconName} from './icon.tsx';
export {More, Table, type Column} from './table.tsx';
export {Cards, Transcript} from './talk.tsx';
export {Tabs} from './tabs.tsx';
export {Toasts, toast, toastError} from './toast.tsx';
