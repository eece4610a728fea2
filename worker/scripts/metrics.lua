-- Adds to the workers' counters.
--
-- KEYS  1 va:metrics
-- ARGV  name and difference of each sample

for i = 1, #ARGV, 2 do
    redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
