// Deep WAY WORKLOAD N REPEATS BATCH, see ../build; WAY is virtual or platform: the kind
// of thread. Since Java 21 threads can be virtual; it is compiled by older ones too.
public class Deep {
    static long fib(long n) {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }

    static long linear(long n) {
        return n == 0 ? 0 : linear(n - 1) + 1;
    }

    static long calls(long n) {
        return n < 2 ? 1 : calls(n - 1) + calls(n - 2) + 1;
    }

    static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    static void measure(boolean fibs, long n, long want, long count, long times) {
        long start = cpu(), wall = System.nanoTime();
        for (long i = 0; i < times; i++) {
            if ((fibs ? fib(n) : linear(n)) != want) throw new IllegalStateException();
        }
        // The CPU time of the process comes in steps of 10 ms.
        long ns = cpu() - start;
        if (ns < 100_000_000) ns = System.nanoTime() - wall;
        System.out.println((double) ns / times / count);
    }

    static void work(String[] args) {
        boolean fibs = args[1].equals("fib");
        long n = Long.parseLong(args[2]);
        long want = fibs ? fib(n) : n, count = fibs ? calls(n) : n;
        cpu();
        measure(fibs, n, want, count, 1);
        // A second, so that the JVM has compiled what it runs.
        long end = System.nanoTime() + 1_000_000_000L;
        do {
            if ((fibs ? fib(n) : linear(n)) != want) throw new IllegalStateException();
        } while (System.nanoTime() < end);
        for (int i = 0; i < Integer.parseInt(args[3]); i++) {
            measure(fibs, n, want, count, Long.parseLong(args[4]));
        }
    }

    public static void main(String[] args) throws Exception {
        Throwable[] failed = new Throwable[1];
        Runnable run = () -> {
            try {
                work(args);
            } catch (Throwable t) {
                failed[0] = t;
            }
        };
        Thread thread;
        if (args[0].equals("virtual")) {
            thread = (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, run);
        } else {
            thread = new Thread(null, run, "deep", 16L << 30);
            thread.start();
        }
        thread.join();
        if (failed[0] != null) {
            System.err.println(failed[0]);
            System.exit(1);
        }
    }
}
