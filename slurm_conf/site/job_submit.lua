-- Goes to: the controller (and its backup), beside slurm.conf, owned by root. slurmctld reads it again
-- by itself when it has changed. Everybody else's jobs pass untouched.
--
-- Why: the portal submits for ninety schools as one user. Should the portal or its key ever be in the
-- wrong hands, that user still gets no partition, no QOS, no node count and no GPU beyond these lines.
-- https://slurm.schedmd.com/job_submit_plugins.html

local USER = "kesuan"
local PARTITION = "class"
local QOS = { lesson = true, homework = true }
local MOST_MINUTES = 240
-- A run gets at most one whole GPU: eight shards, or one GPU, or one slice of it.
local MOST = { shard = 8, mps = 100, gpu = 1 }

local function refuse(words)
    slurm.log_info("job_submit/lua: %s refused: %s", USER, words)
    return slurm.ERROR
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
    if job.partition ~= PARTITION then
        return "runs go to partition " .. PARTITION
    end
    if job.qos ~= nil and job.qos ~= "" and not QOS[job.qos] then
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
    if job.partition ~= PARTITION or uid ~= job.user_id then
        return slurm.SUCCESS
    end
    if change.partition ~= nil and change.partition ~= PARTITION then
        return refuse("runs stay in partition " .. PARTITION)
    end
    if change.qos ~= nil and not QOS[change.qos] then
        return refuse("QOS " .. change.qos .. " is not one of a run's")
    end
    local words = over(change.tres_per_node) or over(change.tres_per_job)
    if words ~= nil then
        return refuse(words)
    end
    return slurm.SUCCESS
end

return slurm.SUCCESS
