-- Goes to: the controller (and its backup), beside slurm.conf, owned by root. slurmctld reads it again
-- by itself when it has changed. Everybody else's jobs pass untouched.
--
-- Why: the portal submits for ninety schools as one user. Should the portal or its key ever be in the
-- wrong hands, that user still gets no partition, no QOS, no node count and no GPU beyond these lines.
-- https://slurm.schedmd.com/job_submit_plugins.html

local USER = "kesuan"
-- The first is the portal's own; more where schools have partitions of theirs (docs/schools.md).
local PARTITIONS = { class = true }
-- And the QOS of a school's guaranteed part: its account's name with "-own".
local QOS = { lesson = true, homework = true, borrow = true }
local OWN = "^[a-z0-9_-]+%-own$"
local MOST_MINUTES = 240
-- A run gets at most one whole GPU: eight shards, or one GPU, or one slice of it.
local MOST = { shard = 8, mps = 100, gpu = 1 }

local function refuse(words)
    slurm.log_info("job_submit/lua: %s refused: %s", USER, words)
    return slurm.ERROR
end

-- Whether all of a list are known; a run may name several partitions.
local function all(words, known, pattern)
    local found = false
    for word in string.gmatch(words or "", "[^,]+") do
        found = true
        if not known[word] and not (pattern and string.match(word, pattern)) then
            return false
        end
    end
    return found
end

-- "gres:shard:2", "gres/shard:a100:2" or "gres:gpu:1g.10gb:1", as the version writes it.
local function over(tres)
    if tres == nil or tres == "" then
        return nil
    end
    local asked = {}
    for part in string.gmatch(tres, "[^,]+") do
        local name = string.match(part, "^gres[:/](%a+)")
        local last = string.match(part, "([^:=]+)$")
        -- Slurm reads 1K as 1024; a type, as 1g.10gb or a100, stands for one of it.
        if name == nil or MOST[name] == nil or string.match(last, "^%d+%a$") then
            return part .. " is nothing that a run may ask for"
        end
        asked[name] = (asked[name] or 0) + (tonumber(last) or 1)
        if asked[name] > MOST[name] then
            return "a run may have at most " .. MOST[name] .. " " .. name
        end
    end
    return nil
end

-- What is wrong with a run, or nil.
local function fault(job)
    if not all(job.partition, PARTITIONS) then
        return "runs do not go to partition " .. (job.partition or "")
    end
    if job.qos ~= nil and job.qos ~= "" and not all(job.qos, QOS, OWN) then
        return "QOS " .. job.qos .. " is not one of a run's"
    end
    if job.time_limit == slurm.NO_VAL or job.time_limit > MOST_MINUTES then
        return "a run says how long it takes, at most " .. MOST_MINUTES .. " minutes"
    end
    if job.account == nil or job.account == "" then
        return "a run names the account of its school"
    end
    if job.min_nodes ~= slurm.NO_VAL and job.min_nodes > 1 then
        return "a run has one node"
    end
    if job.shared == 0 then
        return "a run shares its node"
    end
    for _, tres in ipairs({ job.tres_per_node or "", job.tres_per_job or "" }) do
        local words = over(tres)
        if words ~= nil then
            return words
        end
    end
    if (job.tres_per_task or "") ~= "" or (job.tres_per_socket or "") ~= "" then
        return "a run asks for its share with --gres"
    end
    return nil
end

function slurm_job_submit(job, _partitions, _uid)
    if job.user_name ~= USER then
        return slurm.SUCCESS
    end
    local words = fault(job)
    if words == nil then
        return slurm.SUCCESS
    end
    slurm.log_user("kesuan: " .. words)
    return refuse(words)
end

-- What was let in stays what it was: `scontrol update` is not a way round the lines above. Only the
-- portal's user has jobs in the partition (AllowGroups), and staff may change them. Who asked reads no
-- reason: Slurm passes none on from here.
function slurm_job_modify(change, job, _partitions, uid)
    if not all(job.partition, PARTITIONS) or uid ~= job.user_id then
        return slurm.SUCCESS
    end
    if change.partition ~= nil and not all(change.partition, PARTITIONS) then
        return refuse("runs do not go to partition " .. change.partition)
    end
    if change.qos ~= nil and not all(change.qos, QOS, OWN) then
        return refuse("QOS " .. change.qos .. " is not one of a run's")
    end
    local words = over(change.tres_per_node) or over(change.tres_per_job)
    if words ~= nil then
        return refuse(words)
    end
    return slurm.SUCCESS
end

return slurm.SUCCESS
