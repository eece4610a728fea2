/*
 * The simulated providers (t/sim/), each a process of its own, on a free port. They end with
 * this program. t_config is pointed at them.
 */
#ifndef T_SIM_H
#define T_SIM_H

#include "t/handlers/lib/client.h"

#define TWILIO_ACCOUNT "AC00000000000000000000000000000001"
#define TWILIO_TOKEN   "twilio-token-that-is-a-secret"
#define ELEVENLABS_KEY "elevenlabs-key-that-is-a-secret"
#define OPENAI_KEY     "sk-openai-key-that-is-a-secret"
#define HUBSPOT_TOKEN  "pat-na1-token-that-is-a-secret"
#define LIVEKIT_KEY    "APIkey0001"
#define LIVEKIT_SECRET "livekit-secret-of-more-than-32-characters"
#define LIVEKIT_AGENT  "phone-agent"
#define SHOPIFY_TOKEN  "shpat_token-that-is-a-secret"

/* Started when first called, back to their seeds when called again. */
void t_twilio(void);
void t_elevenlabs(void);
void t_openai(void);
void t_hubspot(void);
void t_livekit(void);
void t_google(void); /* Downtown is connected to its owner's calendar */
void t_shopify(void);
void t_smtp(void); /* with a login, which is t_config's */

/* How they answer next: a script of t/sim/lib/server.mjs, as JSON. */
void t_twilio_script(const char *script);
void t_elevenlabs_script(const char *script);
void t_openai_script(const char *script);
void t_hubspot_script(const char *script);
void t_livekit_script(const char *script);
void t_google_script(const char *script);
void t_shopify_script(const char *script);

/* The longest any request of the product waits from now on, in ms; 0: as long as it says. */
void t_patience(int ms);

/* Any other request to one of them, its JSON; lasts a test. body may be NULL. */
const va_json_t *t_twilio_ask(const char *method, const char *path, const char *body);
const va_json_t *t_elevenlabs_ask(const char *method, const char *path, const char *body);
const va_json_t *t_openai_ask(const char *method, const char *path, const char *body);
const va_json_t *t_hubspot_ask(const char *method, const char *path, const char *body);
const va_json_t *t_smtp_ask(const char *method, const char *path, const char *body);
const va_json_t *t_livekit_ask(const char *method, const char *path, const char *body);
const va_json_t *t_google_ask(const char *method, const char *path, const char *body);

/*
 * As if the owner of that account had been through the page of consent for Downtown: its
 * calendar is the one that is asked from now on.
 */
void t_google_consent(const char *account);

/* The same with what the product does then: Google and the appointments are brought together.
 */
void t_google_connect(const char *account);

/* t_google_ask() asks as the owner of that account from now on; the shop knows nothing of it.
 */
void t_google_owner(const char *account);

/* How many events stand in Downtown's calendar at Google. */
size_t t_google_events(void);

/* How many texts to that number Twilio has from us. */
size_t t_twilio_sent(const char *to);

/* How many e-mails the mail server has taken since it was started or reset. */
size_t t_mails(void);

/* What the model was told in its last question, as text; lasts a test. */
const char *t_openai_told(void);

/* How many requests of that method it has seen since it was started or reset. */
size_t t_twilio_requests(const char *method);

#endif
