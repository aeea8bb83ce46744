// Calls Probe on its own thread and on two others.
#include <pthread.h>
#include <stdio.h>

extern int Probe(void);

static void *run(void *unused) { return Probe() ? unused : NULL; }

int main(void) {
	pthread_t a, b;
	int x, y;
	pthread_create(&a, NULL, run, &x);
	pthread_create(&b, NULL, run, &y);
	Probe();
	void *from_a, *from_b;
	pthread_join(a, &from_a);
	pthread_join(b, &from_b);
	if (from_a != &x || from_b != &y)
		return 1;
	puts("ok");
	return 0;
}
